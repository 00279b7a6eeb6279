"""How long each script's --help takes, against `python -c "import click"`: paired runs, ratios.

python tests/benchmarks/bench_help.py [RUNS]
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

SCRIPTS = sorted(
    path
    for path in Path(__file__).resolve().parents[2].glob("utils/devops/*.py")
    if path.stem != "__init__"
)
PEER = [sys.executable, "-c", "import click"]


def seconds(words: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    print(f"{'script':20} {'ms':>7} {'ratio to import click':>22}   (median of {runs} pairs)")
    for script in SCRIPTS:
        command = [sys.executable, str(script), "--help"]
        seconds(command)
        pairs = [(seconds(command), seconds(PEER)) for _ in range(runs)]
        ratio = median(ours / peer for ours, peer in pairs)
        print(f"{script.name:20} {median(ours for ours, _ in pairs) * 1000:7.0f} {ratio:22.2f}")


if __name__ == "__main__":
    main()
