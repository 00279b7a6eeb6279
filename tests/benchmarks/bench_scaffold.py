"""Scaffolding a large design against `copier copy` of as many files and bytes: paired runs, ratios.

python tests/benchmarks/bench_scaffold.py [RUNS] [DESIGN.md]

copier is the peer and no dependency of this project: it is taken from PATH. Both start from nothing
and write a new folder; start-up counts on both sides. The design is by default the largest of
`../shared/llds`, or of the examples where those are not there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "utils" / "devops" / "code_gen.py"
LIMIT = 0.5


def largest_design() -> Path:
    """The largest shared design, else the largest example."""
    shared = sorted((ROOT.parent / "shared" / "llds").glob("*.md"))
    found = shared or sorted((ROOT / "templates" / "examples").glob("*.md"))
    return max(found, key=lambda path: path.stat().st_size)


def make_template(generated: Path, template: Path) -> tuple[int, int]:
    """A copier template that renders what was generated; returns its number of files and bytes."""
    files = [one for one in sorted(generated.rglob("*")) if one.is_file()]
    for one in files:
        target = template / "content" / f"{one.relative_to(generated)}.jinja"
        target.parent.mkdir(parents=True, exist_ok=True)
        text = one.read_text(encoding="utf-8")
        # One substitution a file, and nothing else of it read as a template.
        target.write_text(f"{{% raw %}}{text.replace('{% endraw', '')}{{% endraw %}}{{{{ name }}}}")
    (template / "copier.yml").write_text(
        "_subdirectory: content\nname:\n  type: str\n  default: x\n"
    )
    return len(files), sum(one.stat().st_size for one in files)


def seconds(words: list[str], output: Path, environment: dict[str, str]) -> float:
    shutil.rmtree(output, ignore_errors=True)
    started = time.perf_counter()
    subprocess.run(
        words,
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def compiled_once(folder: Path) -> dict[str, str]:
    """An environment in which Python keeps what it compiled, as it does for whoever runs either."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**environment, "PYTHONPYCACHEPREFIX": str(folder)}


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    design = Path(sys.argv[2]) if len(sys.argv) > 2 else largest_design()
    copier = shutil.which("copier")
    if copier is None:
        print("copier is not on PATH: install it in an environment of its own", file=sys.stderr)
        print(
            "hint: python -m venv /tmp/copier && /tmp/copier/bin/pip install copier",
            file=sys.stderr,
        )
        return 4
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        ours, theirs, template = here / "ours", here / "theirs", here / "template"
        generate = [sys.executable, str(SCRIPT), "scaffold", "--lld", str(design), "--output"]
        generate.append(str(ours))
        copy = [copier, "copy", "--defaults", "--quiet", str(template), str(theirs)]
        environment = compiled_once(here / "compiled")
        seconds(generate, ours, environment)
        number, size = make_template(ours, template)
        seconds(copy, theirs, environment)
        pairs = [
            (seconds(generate, ours, environment), seconds(copy, theirs, environment))
            for _ in range(runs)
        ]
    ratio = median(one / other for one, other in pairs)
    print(f"design            {design.name}: {number} files, {size} bytes")
    print(f"code_gen scaffold {median(one for one, _ in pairs) * 1000:7.0f} ms")
    print(f"copier copy       {median(other for _, other in pairs) * 1000:7.0f} ms")
    print(f"ratio             {ratio:7.2f}    (median of {runs} pairs; at most {LIMIT})")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
