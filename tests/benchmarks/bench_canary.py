"""How often a release of each kind is stopped in the canary of prod, over seeded runs of traffic.

    python tests/benchmarks/bench_canary.py [SEEDS]

Bad releases must be stopped before 25 %, healthy ones must get through all four steps. Each run
makes requests one by one (Poisson arrivals, log-normal durations), judged minute by minute with the
defaults of prod. `handled` errors are answers of 5xx that no function reports: only the API's own
numbers show them.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "utils" / "devops")]

from tests.deploy.samples import Release, canary, whole_deployment  # noqa: E402

from deploy.canary.judgement import Move  # noqa: E402

BAD = {
    "fails 100 %": Release(fails=1.0),
    "fails 20 %": Release(fails=0.2),
    "fails 5 %": Release(fails=0.05),
    "fails 5 %, 5 requests/s": Release(fails=0.05, per_second=5),
    "fails 5 %, 1 request/s": Release(fails=0.05, per_second=1),
    "fails 20 %, 1 request/s": Release(fails=0.2, per_second=1),
    "fails 20 % of real requests, probes are well, 1/s": Release(
        fails=0.2, per_second=1, probes_fail=False),
    "fails 5 % of real requests, probes are well, 2/s": Release(
        fails=0.05, per_second=2, probes_fail=False),
    "fails 5 %, the stable one 2 %": Release(fails=0.05, base_errors=0.02),
    "3 x slower": Release(slower=3.0),
    "3 x slower, heavy tail": Release(slower=3.0, spread=1.2),
    "3 x slower, 1 request/s": Release(slower=3.0, per_second=1),
    "leaks 20 % on one of five": Release(fails=0.2, only=2, functions=5),
    "leaks 5 % on one of five": Release(fails=0.05, only=2, functions=5),
    "leaks 5 % on one of ten": Release(fails=0.05, only=2, functions=10),
    "one of ten is 3 x slower": Release(slower=3.0, only=2, functions=10),
    "handled: 100 %": Release(fails=1.0, handled=True),
    "handled: 20 %": Release(fails=0.2, handled=True),
    "handled: 5 %": Release(fails=0.05, handled=True),
    "handled: 20 % on one of five": Release(fails=0.2, handled=True, only=2, functions=5),
}  # fmt: skip
GOOD = {
    "no errors at all": Release(base_errors=0.0),
    "usual errors (0.1 %)": Release(),
    "2 % errors in both": Release(base_errors=0.02),
    "heavy tail": Release(spread=1.2),
    "five functions": Release(functions=5),
    "ten functions": Release(functions=10),
    "5 requests/s": Release(per_second=5),
    "1 request/s": Release(per_second=1),
    "0.1 requests/s": Release(per_second=0.1),
    "a fix: the stable one fails 30 %": Release(base_errors=0.3, fails=-0.3),
    "1.2 x slower": Release(slower=1.2),
}


def main() -> None:
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    print(f"{'bad release':<52} stopped in the canary, of {len(seeds)}; minutes (median)")
    for name, release in BAD.items():
        runs = [canary(release, seed) for seed in seeds]
        stopped = [minute for move, minute, _ in runs if move is Move.ROLL_BACK]
        middle = sorted(stopped)[len(stopped) // 2] if stopped else "-"
        print(f"{name:<52} {len(stopped):>4}   {middle}", flush=True)
    print(f"\n{'healthy release':<52} through all steps, of {len(seeds)}")
    for name, release in GOOD.items():
        passed = sum(whole_deployment(release, seed) is Move.PROMOTE for seed in seeds)
        print(f"{name:<52} {passed:>4}", flush=True)


if __name__ == "__main__":
    main()
