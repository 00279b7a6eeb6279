"""Start Locust, gather what its processes print, and judge it; a run that is cut off as well."""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from common.errors import ExitCode, UnavailableError, UsageProblemError
from common.home import HOME
from common.interrupts import hear_first_only
from common.process import follow
from rehearsal.load.config import Config, Request, read_config
from rehearsal.load.gathering import Gathered, Show
from rehearsal.load.target import require_loadable
from rehearsal.load.verdict import Baseline, Judged, judge

if TYPE_CHECKING:
    from rehearsal.load.counts import Count, Counts

INSTALL = "pip install locust==2.47.0"
_USERS = Path(__file__).with_name("users.py")
_TIMEOUT_S = 30
_GRACE_S = 120
_SHORT_S, _SHORT_PART = 2.0, 0.1
"""How much earlier than planned a run may end and still be whole."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Over how many processes or machines the load is made."""

    processes: int = 1
    expect_workers: int = 0
    """Workers on other machines to wait for; this process is then their master."""
    bind_port: int = 5557
    master: str | None = None
    """`host:port` of the master; this process is then a worker."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    config: Path
    reports: Path
    profile: str | None = None
    spread: Spread = field(default_factory=Spread)
    baseline: Path | None = None


@dataclass(frozen=True, slots=True)
class LoadRun:
    """What was measured; `counts` are those after the warm-up, `seconds` the time they span."""

    config: Config
    url: str
    counts: Counts
    seconds: float
    warm_up: Count
    began: float
    users: tuple[tuple[float, int], ...]
    judged: tuple[Judged, ...]
    baseline: Baseline | None
    interrupted: bool
    trouble: tuple[str, ...]
    """Why the run is not what was asked for: a lost worker, an early end."""
    reports: Path

    @property
    def exit_code(self) -> ExitCode:
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if not all(one.met for one in self.judged):
            return ExitCode.FAILED
        return ExitCode.UNAVAILABLE if self.trouble else ExitCode.DONE


def run_load(asked: Asked) -> LoadRun:
    """Make the load and judge it.

    Raises:
        RefusedError: The target is, or may be, production.
        UsageProblemError: The configuration makes no sense.
        UnavailableError: Locust is not installed or did not start.
    """
    config = read_config(asked.config)
    require_loadable(config)
    baseline = _read_baseline(asked.baseline)
    _require_locust()
    plan = _plan(config, asked)
    asked.reports.mkdir(parents=True, exist_ok=True)
    gathered, interrupted = Gathered(), False
    with (asked.reports / "locust.log").open("w", encoding="utf-8") as log:
        try:
            code = _follow(config, plan, asked.spread, gathered, log)
        except KeyboardInterrupt:
            code, interrupted = 0, True
    if gathered.began is None:
        raise UnavailableError(
            f"Locust did not start: {gathered.last_line or f'exit code {code}'}",
            hint=f"its log is {asked.reports / 'locust.log'}",
        )
    return _judged(config, plan, asked, gathered, baseline, interrupted=interrupted, code=code)


def plan_load(asked: Asked) -> list[str]:
    """What would be sent; checks the file and the account, finds the service, and sends nothing.

    Raises:
        RefusedError: The target is, or may be, production.
        UsageProblemError: The configuration makes no sense.
    """
    config = read_config(asked.config)
    require_loadable(config)
    _read_baseline(asked.baseline)
    plan = _plan(config, asked)
    whole = sum(plan["weights"])
    return [
        f"would put {plan['url']} under load for {config.duration:g} s",
        f"  {config.users} users, {config.spawn_rate:g} more a second",
        *(
            f"  {one['name']}: {weight / whole:.0%} of the requests"
            for one, weight in zip(plan["requests"], plan["weights"], strict=True)
        ),
    ]


def run_worker(asked: Asked) -> int:
    """Make load for a master elsewhere, until it says that it is enough; Locust's exit code.

    Raises:
        UnavailableError: Locust is not installed, or the master cannot be reached.
    """
    config = read_config(asked.config)
    require_loadable(config)
    _require_locust()
    plan = _plan(config, asked)
    asked.reports.mkdir(parents=True, exist_ok=True)
    with (asked.reports / "locust.log").open("w", encoding="utf-8") as log:
        return _follow(config, plan, asked.spread, Gathered(), log)


def _require_locust() -> None:
    if find_spec("locust") is None:
        raise UnavailableError("Locust is not installed", hint=INSTALL)


def _follow(
    config: Config, plan: Mapping[str, Any], spread: Spread, gathered: Gathered, log: IO[str]
) -> int:
    with tempfile.TemporaryDirectory(prefix="bbws-load-") as folder, Show(gathered, config) as show:
        path = Path(folder, "plan.json")
        path.touch(mode=0o600)
        path.write_text(json.dumps(plan), encoding="utf-8")

        def take(line: str) -> None:
            if not gathered.take(line):
                log.write(line + "\n")
                log.flush()
            show.update()

        env = _environment(path, plan)
        limit = config.duration + _GRACE_S
        hear_first_only()
        return follow(_words(config, spread), take, cwd=Path(folder), env=env, timeout=limit).code


def _words(config: Config, spread: Spread) -> list[str]:
    words = [sys.executable, "-m", "locust", "-f", str(_USERS), "--headless", "--only-summary"]
    if spread.master is not None:
        host, _, port = spread.master.partition(":")
        return [*words, "--worker", "--master-host", host, "--master-port", port or "5557"]
    words += ["-u", str(config.users), "-r", f"{config.spawn_rate:g}"]
    words += ["--stop-timeout", "5", "--exit-code-on-error", "0"]
    if spread.expect_workers:
        words += ["--master", "--expect-workers", str(spread.expect_workers)]
        words += ["--expect-workers-max-wait", "120", "--master-bind-port", str(spread.bind_port)]
    elif spread.processes > 1:
        port = str(_free_port())
        words += ["--processes", str(spread.processes), "--master-bind-host", "127.0.0.1"]
        words += ["--master-bind-port", port, "--master-port", port]
    return words


def _environment(path: Path, plan: Mapping[str, Any]) -> dict[str, str]:
    """Ours, without other settings of Locust; with the profile whose account was checked."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    env["BBWS_LOAD_PLAN"] = str(path)
    env["PYTHONPATH"] = str(HOME / "utils" / "devops")
    env["PYTHONUNBUFFERED"] = "1"
    if plan["profile"]:
        env["AWS_PROFILE"] = plan["profile"]
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            env.pop(name, None)  # boto3 would prefer them to the profile
    return env


def _plan(config: Config, asked: Asked) -> dict[str, Any]:
    """What the users have to know, as plain data without any secret."""
    url, region, profile, requests = config.url, None, None, config.requests
    if config.environment is not None:
        from rehearsal.load.service import find_service

        found = find_service(config, asked.profile)
        url, region, profile = found.url, found.region, found.profile
        requests = requests or found.requests
    if not requests:
        raise UsageProblemError(
            "there is no request to send",
            hint="list them under `requests`: an address has no design",
        )
    return {
        "url": url,
        "sign_for": region,
        "profile": profile,
        "wait": list(config.wait),
        "timeout": _TIMEOUT_S,
        "duration": config.duration,
        "requests": [_plain(one) for one in requests],
        "weights": [one.weight for one in requests],
        "data": {name: list(values) for name, values in config.data.items()},
    }


def _plain(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "name": request.name,
        "body": request.body,
        "headers": dict(request.headers),
        "expect": list(request.expect),
    }


def _judged(
    config: Config, plan: Mapping[str, Any], asked: Asked, gathered: Gathered,
    baseline: Baseline | None, *, interrupted: bool, code: int,
) -> LoadRun:  # fmt: skip
    began = gathered.began or 0.0
    ready = began + config.warm_up
    ended = max(gathered.last, began)
    counts = gathered.counts.between(ready, ended + 1)
    seconds = max(0.0, ended - ready)
    trouble = list(gathered.trouble())
    if code:
        trouble.append(f"Locust ended with exit code {code}")
    least = config.duration - max(_SHORT_S, _SHORT_PART * config.duration)
    if not interrupted and ended - began < least:
        trouble.append(f"it ended after {ended - began:.0f} s, not {config.duration:.0f} s")
    if interrupted:
        trouble.append(f"interrupted after {ended - began:.0f} s of {config.duration:.0f} s")
    return LoadRun(
        config, str(plan["url"]), counts, seconds,
        gathered.counts.between(0, ready).total(), began, tuple(gathered.users),
        judge(counts.total(), seconds, config.thresholds, baseline), baseline, interrupted,
        tuple(trouble), asked.reports,
    )  # fmt: skip


def _read_baseline(path: Path | None) -> Baseline | None:
    if path is None:
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        total = found["total"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnavailableError(
            f"--baseline {str(path)!r} is no report of an earlier run: {error}",
            hint="use its report.json",
        ) from error
    return total if isinstance(total, dict) else {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
