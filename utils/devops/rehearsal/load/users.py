"""The users that Locust runs; a locustfile. It reads its requests from the file in BBWS_LOAD_PLAN.

Each process counts its own requests; workers hand their counts to the master, and the master (or
the only process) prints what is new once a second behind a mark.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

import gevent
from locust import HttpUser, between, events, task
from locust.runners import MasterRunner, WorkerRunner
from requests.utils import get_environ_proxies

from rehearsal.identity import Identity
from rehearsal.load.counts import Counts, load_counts

MARK = "@bbws "
_KEY = "bbws_counts"
_EVERY_S = 1.0

_plan: dict[str, Any] = json.loads(Path(os.environ["BBWS_LOAD_PLAN"]).read_text(encoding="utf-8"))
_identity = Identity(_plan["sign_for"])
_new = Counts()
_chance = random.SystemRandom()


class Caller(HttpUser):
    """Somebody who sends one of the planned requests, waits, and sends another."""

    host = _plan["url"]
    wait_time = between(*_plan["wait"])

    def on_start(self) -> None:
        self.client.auth = _identity
        # Locust's client looks at no environment; asking for each request would be slow.
        self.client.proxies = get_environ_proxies(self.host)
        self.client.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self.client.headers["User-Agent"] = "bbws-devops-load"

    @task
    def one(self) -> None:
        """Send one request, chosen by weight."""
        wanted = _chance.choices(_plan["requests"], _plan["weights"])[0]
        values = {name: _chance.choice(options) for name, options in _plan["data"].items()}
        body = _filled(wanted["body"], values)
        with self.client.request(
            wanted["method"],
            _filled(wanted["path"], values),
            name=wanted["name"],
            json=body,
            headers=wanted["headers"],
            catch_response=True,
            allow_redirects=False,
            timeout=_plan["timeout"],
        ) as answer:
            status = answer.status_code
            good = status in wanted["expect"] if wanted["expect"] else 0 < status < 400
            if good:
                answer.success()
            else:
                failed = type(answer.error).__name__
                answer.failure(f"answered {status}" if status else f"no answer ({failed})")


def _filled(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in values.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    return [_filled(item, values) for item in value] if isinstance(value, list) else value


@events.request.add_listener
def _count(name: str, response_time: float, exception: Exception | None, **_: Any) -> None:
    second = int(time.time())
    _new.at(second, name).add(response_time, str(exception)[:200] if exception else None)


@events.report_to_master.add_listener
def _hand_over(data: dict[str, Any], **_: Any) -> None:
    data[_KEY] = _new.dump()
    _new.by_second.clear()


@events.worker_report.add_listener
def _take_over(data: dict[str, Any], **_: Any) -> None:
    _new.merge(load_counts(data.get(_KEY, [])))


@events.init.add_listener
def _start(environment: Any, **_: Any) -> None:
    if not isinstance(environment.runner, WorkerRunner):
        gevent.spawn(_print_forever, environment.runner)


@events.test_start.add_listener
def _began(environment: Any, **_: Any) -> None:
    if not isinstance(environment.runner, WorkerRunner):
        # Locust's own timer starts before the users are there, on a busy machine long before.
        gevent.spawn_later(_plan["duration"], environment.runner.quit)
        _say({"began": time.time()})


@events.quitting.add_listener
def _ended(environment: Any, **_: Any) -> None:
    if not isinstance(environment.runner, WorkerRunner):
        _tell(environment.runner)


def _print_forever(runner: Any) -> None:
    while True:
        gevent.sleep(_EVERY_S)
        _tell(runner)


def _tell(runner: Any) -> None:
    entry = {"at": time.time(), "users": runner.user_count, "state": runner.state}
    if isinstance(runner, MasterRunner):
        entry["workers"] = len(runner.clients.ready) + len(runner.clients.running)
        entry["workers"] += len(runner.clients.spawning)
        entry["missing"] = len(runner.clients.missing)
    entry["counts"] = _new.dump()
    _new.by_second.clear()
    _say(entry)


def _say(entry: dict[str, Any]) -> None:
    sys.stdout.write(f"{MARK}{json.dumps(entry)}\n")
    sys.stdout.flush()
