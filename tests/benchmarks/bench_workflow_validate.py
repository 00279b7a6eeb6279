"""`pipeline_test.py validate` of 200 workflows, against the checkers it stands beside.

With actionlint and zizmor: against their own time, one after the other. Alone: against
`check-jsonschema --builtin-schema vendor.github-workflows`. Paired runs, median ratios.

python tests/benchmarks/bench_workflow_validate.py [RUNS]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "utils" / "devops")]

from tests.pipelines.builders import SERVICE  # noqa: E402
from tests.pipelines.corpus_cases import CORPUS, all_cases  # noqa: E402

from pipelines.generation.build import workflow_files  # noqa: E402
from pipelines.validation.engines import tool  # noqa: E402

FILES = 200
VALIDATE = [sys.executable, str(ROOT / "utils" / "devops" / "pipeline_test.py"), "validate"]


def write_workflows(folder: Path) -> Path:
    """Generated workflows and correct twins of the corpus, repeated up to FILES."""
    subprocess.run(["cp", "-r", f"{CORPUS / '_repository'}/.", str(folder)], check=True)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    workflows = folder / ".github" / "workflows"
    there = len(list(workflows.iterdir()))
    texts = [text for _, text in workflow_files(SERVICE)] + [case.twin for case in all_cases()]
    for number, text in enumerate(islice(cycle(texts), FILES - there)):
        (workflows / f"w{number}.yml").write_text(text, encoding="utf-8")
    return workflows


def seconds(words: list[str], folder: Path) -> float:
    started = time.perf_counter()
    subprocess.run(words, cwd=folder, check=False, capture_output=True)
    return time.perf_counter() - started


def needed(name: str) -> str:
    path = tool(name)
    if path is None:
        raise SystemExit(f"{name} is neither beside this Python nor on PATH")
    return path


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = [str(path) for path in sorted(write_workflows(folder).iterdir())]
        zizmor = [needed("zizmor"), "--offline", "--no-progress", "--no-exit-codes", *files]
        actionlint = [needed("actionlint"), f"-shellcheck={tool('shellcheck') or ''}", *files]
        schema = [needed("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *files]
        ours = [*VALIDATE, "--workflow", ".github/workflows"]
        alone = [*ours, "--built-in"]
        pairs, solo = [], []
        for _ in range(runs):
            peers = seconds(actionlint, folder) + seconds(zizmor, folder)
            pairs.append((seconds(ours, folder), peers))
            solo.append((seconds(alone, folder), seconds(schema, folder)))
    report("with both linters", "actionlint + zizmor", pairs, 1.5)
    report("built-in checks alone", "check-jsonschema", solo, 1.0)


def report(what: str, peer: str, pairs: list[tuple[float, float]], limit: float) -> None:
    ours, theirs = median(a for a, _ in pairs), median(b for _, b in pairs)
    ratio = median(a / b for a, b in pairs)
    print(
        f"{what}: {ours:.2f} s for {FILES} files; {peer}: {theirs:.2f} s; "
        f"ratio {ratio:.2f} (at most {limit})"
    )


if __name__ == "__main__":
    main()
