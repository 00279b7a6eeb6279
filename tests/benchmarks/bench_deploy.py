"""A deployment of ten functions against one of a single function, and every AWS call of both.

Wall time without waits: the deployment's clock passes at once, so what is left is calls and work.
AWS answers over a distance, the sandbox beside us does not: each call is given a round trip of
50 ms, and the bare sandbox (which works on one call at a time) is shown too. At most 1.5 is
allowed. Paired runs, median ratio.

python tests/benchmarks/bench_deploy.py [RUNS]
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "utils" / "devops")]

from tests.deploy.place import Place  # noqa: E402

from common.output import table  # noqa: E402
from deploy.execution.plan import plan_release  # noqa: E402
from sandbox import control  # noqa: E402
from sandbox.control import Sandbox  # noqa: E402

FEW, MANY = 1, 10
ROUND_TRIP_S = 0.05
ALLOWED = 1.5
_numbers = itertools.count(1)


class Distance:
    """Counts the calls of a session, and makes AWS as far away as it is."""

    def __init__(self, session: Any, seconds: float) -> None:
        self.calls: Counter[str] = Counter()
        self._seconds = seconds
        self._guard = threading.Lock()
        session.events.register_first("before-send.*.*", self._send)

    def _send(self, event_name: str, **_: Any) -> None:
        with self._guard:
            self.calls[event_name.partition(".")[2]] += 1
        time.sleep(self._seconds)


def place(sandbox: Sandbox, functions: int) -> Place:
    """A service of so many functions in prod, with a live release."""
    names = tuple(f"f{number}" for number in range(functions))
    made = Place(sandbox, f"bench{next(_numbers)}", "prod", functions=names)
    made.deploy("v1.0.0")
    return made


def deployment(where: Place, version: str, seconds: float) -> tuple[float, Counter[str]]:
    """Seconds of one PROD deployment less its traffic's own, and its calls by operation."""
    site = where.fresh_site()
    distance = Distance(site.session, seconds)
    wanted = where.release(where.site(), version)
    operation = where.operation(site)
    started, where.traffic.seconds = time.perf_counter(), 0.0
    operation.deploy(wanted, plan_release(wanted, site.strategy, site.resources()))
    return time.perf_counter() - started - where.traffic.seconds, distance.calls


def main(runs: int) -> None:
    """Measure, and print ratios and calls."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        os.environ.pop("XDG_STATE_HOME", None)
        sandbox, _ = control.start("bench-deploy")
        try:
            os.environ.update(
                {k: v for k, v in sandbox.exports.variables.items() if not k.startswith("GITHUB")}
            )
            os.chdir(home)
            _compare(sandbox, runs)
        finally:
            control.stop("bench-deploy")


def _compare(sandbox: Sandbox, runs: int) -> None:
    few, many = place(sandbox, FEW), place(sandbox, MANY)
    counts: list[Counter[str]] = []
    for seconds in (ROUND_TRIP_S, 0.0):
        pairs = []
        for number in range(1, runs + 1):
            version = f"v2.{number}.{round(seconds * 1000)}"
            one, ten = (deployment(where, version, seconds) for where in (few, many))
            pairs.append((one[0], ten[0]))
            counts = [one[1], ten[1]]
        ratio = median(ten / one for one, ten in pairs)
        how = f"{seconds * 1000:.0f} ms to AWS" if seconds else "bare sandbox"
        print(
            f"{how}: {median(p[0] for p in pairs):.2f} s for {FEW} function, "
            f"{median(p[1] for p in pairs):.2f} s for {MANY}: {ratio:.2f} x"
            + (f" ({ALLOWED} x allowed)" if seconds else "")
        )
    rows = [
        (name, str(counts[0][name]), str(counts[1][name])) for name in sorted(counts[0] | counts[1])
    ]
    totals = [str(count.total()) for count in counts]
    print(table(("call", f"{FEW} function", f"{MANY} functions"), [*rows, ("all", *totals)]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
