"""How the cost of a repository grows with its design: 60 functions and 100 models against 6 and 10.

python tests/benchmarks/bench_scaffold_growth.py [RUNS]

Both designs are Markdown documents; each run reads one and writes its repository into a new folder.
Ten times the design is to cost at most twelve times as much; what every repository has in common
counts on both sides. Processor time of this process, paired runs, median of their ratios.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "utils" / "devops")]
LIMIT = 12.0
VERBS = (
    ("POST", "create_{}", "/v1.0/{}s"),
    ("GET", "get_{}", "/v1.0/{}s/{{id}}"),
    ("GET", "list_{}s", "/v1.0/{}s"),
    ("PUT", "update_{}", "/v1.0/{}s/{{id}}"),
    ("DELETE", "delete_{}", "/v1.0/{}s/{{id}}"),
)


def document(functions: int, models: int) -> str:
    """A design of that many functions and models; five functions serve one stored model."""
    things = [f"thing{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(models)]
    served = things[: -(-functions // len(VERBS))]
    rows = [
        f"| {name.format(thing)} | {method} | {path.format(thing)} |"
        for thing in served
        for method, name, path in VERBS
    ][:functions]
    classes = [
        f"class {thing.capitalize()}(BaseModel):\n    id: str\n"
        + "".join(f"    field_{number}: str = Field(max_length=80)\n" for number in range(8))
        + "    created_at: datetime\n"
        for thing in things
    ]
    keys = [f"| {one.capitalize()} | {one.upper()}#{{id}} | METADATA |" for one in served]
    return "\n".join(
        [
            "# Growth Lambda LLD\n\n**Repository**: `2_bbws_growth_lambda`\n\n## Functions\n",
            "| Function | Method | Path |\n|---|---|---|",
            *rows,
            "\n## Models\n\n```python",
            *classes,
            "```\n\n## Tables\n\n| Table | PK | SK |\n|---|---|---|\n| bbws-growth-{env} | PK | SK |",
            "\n| Entity | PK | SK |\n|---|---|---|",
            *keys,
            "",
        ]
    )


def seconds(lld: Path, output: Path) -> float:
    """Processor time of reading a design and writing its repository."""
    from codegen.scaffold import scaffold
    from lld.parse import parse_file

    gc.collect()
    started = time.process_time()
    scaffold(parse_file(lld), output)
    return time.process_time() - started


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        small, large = here / "9.9.1_LLD_Small.md", here / "9.9.2_LLD_Large.md"
        small.write_text(document(6, 10), encoding="utf-8")
        large.write_text(document(60, 100), encoding="utf-8")
        seconds(small, here / "first")
        pairs = [
            (seconds(small, here / f"small-{run}"), seconds(large, here / f"large-{run}"))
            for run in range(runs)
        ]
    ratio = median(large / small for small, large in pairs)
    print(f"6 functions, 10 models    {median(one for one, _ in pairs) * 1000:7.0f} ms")
    print(f"60 functions, 100 models  {median(one for _, one in pairs) * 1000:7.0f} ms")
    print(f"ratio                     {ratio:7.1f}    (median of {runs} pairs; at most {LIMIT:g})")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
