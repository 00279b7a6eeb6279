"""What reading a design costs, against markdown-it-py's own tokenizing of the same text.

python tests/benchmarks/bench_lld_parse.py [DESIGN.md ...]

Prints ratios: medians of paired runs in one process for parsing, growth for ten times the text,
peak memory per character of text, and the whole command line less a bare start-up. Without designs
it takes the examples of `templates/examples`, repeated to 300 KB.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "utils" / "devops"))

from markdown_it import MarkdownIt  # noqa: E402

from lld.parse import parse_text  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 300_000
PARSER = ROOT / "utils" / "devops" / "lld_parser.py"


def seconds(action: Callable[[], object]) -> float:
    gc.collect()
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def tokenizing(text: str) -> float:
    parser = MarkdownIt("commonmark").enable("table")
    return seconds(lambda: parser.parse(text))


def parsing(text: str) -> float:
    return seconds(lambda: parse_text(text, "1.1.1_LLD_Benchmark.md"))


def sample(paths: list[Path]) -> str:
    text = "\n".join(path.read_text() for path in paths)
    return (text + "\n") * max(1, round(SIZE / len(text)))


def generated(count: int) -> str:
    """A design of `count` endpoints with a function, a section, an entity and a story each."""
    rows = range(count)
    parts = ["# Generated - Low-Level Design\n\n## Lambda Functions\n\n"]
    parts.append("| Function | Endpoint | Memory |\n|-|-|-|\n")
    parts += [f"| get_thing{i} | GET /v1.0/things{i}/{{id}} | 256MB |\n" for i in rows]
    parts.append("\n## API\n\n")
    for i in rows:
        parts.append(f"### Thing {i}\n\n**Endpoint**: `GET /v1.0/things{i}/{{id}}`\n\n")
        parts.append(
            "```json\n" + f'{{"thingId": "t{i}"}}\n' + "```\n\n" + "Words of prose.\n" * 100 + "\n"
        )
    parts.append("## Keys\n\n| Entity | PK | SK |\n|-|-|-|\n")
    parts += [f"| Thing{i} | `THING{i}#{{id}}` | `METADATA` |\n" for i in rows]
    return "".join(parts)


def of_one_kind(count: int) -> dict[str, str]:
    """Texts of nothing but one kind of fact or item, the worst case for memory."""
    rows = range(count)
    head = "# Generated - Low-Level Design\n\n## Lambda Functions\n\n"
    return {
        "rows of functions": head
        + "| Function | Endpoint |\n|-|-|\n"
        + "".join(f"| get_t{i} | GET /v1/t{i} |\n" for i in rows),
        "list of routes": head + "".join(f"- GET /v1/t{i}\n" for i in rows),
        "list of words": head + "".join(f"- item {i}\n" for i in rows),
        "classes": "```python\n"
        + "".join(f"class C{i}(BaseModel):\n    a: str\n" for i in rows)
        + "```\n",
    }


def peak_memory(text: str) -> int:
    gc.collect()
    tracemalloc.start()
    parse_text(text, "1.1.1_LLD_Benchmark.md")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def command_line(text: str, runs: int) -> float:
    """Seconds of `lld_parser.py parse` beyond those for a design of one line."""
    with tempfile.TemporaryDirectory() as folder:
        whole, tiny = Path(folder, "1.1.1_LLD_Whole.md"), Path(folder, "1.1.2_LLD_Tiny.md")
        whole.write_text(text)
        tiny.write_text("# Tiny LLD\n")

        def run(path: Path) -> float:
            words = [sys.executable, str(PARSER), "parse", "-o", "json", "--lld", str(path)]
            return seconds(lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL))

        run(tiny)
        return median(run(whole) - run(tiny) for _ in range(runs))


def main() -> None:
    paths = [Path(word) for word in sys.argv[1:]]
    text = sample(paths or sorted((ROOT / "templates" / "examples").glob("*_LLD_*.md")))
    parsing(text), tokenizing(text)
    pairs = [(parsing(text), tokenizing(text)) for _ in range(11)]
    ratio = median(ours / theirs for ours, theirs in pairs)
    peer = median(theirs for _, theirs in pairs)
    print(f"text of {len(text)} characters, tokenized in {peer * 1000:.0f} ms (medians of pairs)")
    print(f"  parse, in process       {ratio:6.2f} x tokenizing (limit 2.5)")
    print(f"  command line - start-up {command_line(text, 5) / peer:6.2f} x tokenizing (limit 3)")
    print(f"  peak memory             {peak_memory(text) / len(text):6.2f} x the text (limit 40)")
    small, large = generated(500), generated(5000)
    growth = median(parsing(large) / parsing(small) for _ in range(7))
    size = len(large) / len(small)
    print(f"{size:.1f} x the text, {len(large) / 1e6:.1f} MB with 5000 endpoints")
    print(f"  time                    {growth:6.2f} x (limit 11)")
    print(f"  parse                   {parsing(large) / tokenizing(large):6.2f} x tokenizing")
    print(f"  peak memory             {peak_memory(large) / len(large):6.2f} x the text (limit 40)")
    print("texts of nothing but one kind, peak memory")
    for name, only in of_one_kind(10_000).items():
        print(f"  {name:23} {peak_memory(only) / len(only):6.2f} x the text")


if __name__ == "__main__":
    main()
