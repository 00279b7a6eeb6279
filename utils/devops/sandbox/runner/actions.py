"""The actions that workflows use, and what stands for each of them in a sandbox."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from sandbox.runner.checking_out import check_out
from sandbox.runner.signing_in import sign_in
from sandbox.runner.step import Step, StepError

Action = Callable[[Step], None]


def perform(uses: str, step: Step) -> None:
    """Do what the action does.

    Raises:
        StepError: It has no stand-in, or it failed.
    """
    name = uses.partition("@")[0].lower()
    action = _ACTIONS.get(name)
    if action is None:
        known = ", ".join(sorted(_ACTIONS))
        raise StepError(f"the sandbox has no stand-in for the action {name!r}; it has: {known}")
    action(step)


def _set_up_python(step: Step) -> None:
    import platform

    wanted, here = step.given.get("python-version", ""), platform.python_version()
    if wanted and not here.startswith(wanted.rstrip("x.")):
        step.say(f"##[notice]Python {wanted} is asked for; the tools' own {here} runs here.")
    step.outputs["python-version"] = here


def _set_up_terraform(step: Step) -> None:
    found = shutil.which("terraform", path=step.variables.get("PATH"))
    if found is None:
        raise StepError("Terraform is not installed on this machine")
    step.say(f"the Terraform of this machine runs: {found}")


def _cache(step: Step) -> None:
    step.say("no cache is kept between jobs: not found")
    step.outputs["cache-hit"] = ""


def _attest(step: Step) -> None:
    subject = step.given.get("subject-path", "")
    if subject and not list(step.workspace.glob(subject)):
        raise StepError(f"no file {subject!r} to attest")
    step.say("##[notice]A sandbox signs no provenance.")


def _keep_artifact(step: Step) -> None:
    name = _artifact_name(step)
    target = step.facts.artifacts / name
    kept = 0
    for pattern in step.given.get("path", "").split():
        for path in _matching(step.workspace, pattern):
            place = target / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, target, dirs_exist_ok=True)
            else:
                shutil.copy2(path, place)
            kept += 1
    if not kept and step.given.get("if-no-files-found") == "error":
        raise StepError(f"no files were found for the artifact {name!r}")
    step.say(f"artifact {name!r}: {kept or 'no'} files or folders kept")


def _bring_artifact(step: Step) -> None:
    name = _artifact_name(step)
    source = step.facts.artifacts / name
    if not source.is_dir():
        raise StepError(f"Artifact not found: {name!r}")
    target = step.workspace / step.given.get("path", ".")
    shutil.copytree(source, target, dirs_exist_ok=True)


def _artifact_name(step: Step) -> str:
    name = step.given.get("name") or "artifact"
    if "/" in name or name in {".", ".."}:
        raise StepError(f"{name!r} is no name for an artifact")
    return name


def _matching(workspace: Path, pattern: str) -> list[Path]:
    pattern = pattern.removeprefix(str(workspace)).strip("/") or "."
    found = [workspace / pattern] if (workspace / pattern).exists() else workspace.glob(pattern)
    inside = workspace.resolve()
    return [path for path in found if path.resolve().is_relative_to(inside)]


_ACTIONS: Mapping[str, Action] = {
    "actions/attest-build-provenance": _attest,
    "actions/cache": _cache,
    "actions/checkout": check_out,
    "actions/download-artifact": _bring_artifact,
    "actions/setup-python": _set_up_python,
    "actions/upload-artifact": _keep_artifact,
    "aws-actions/configure-aws-credentials": sign_in,
    "hashicorp/setup-terraform": _set_up_terraform,
}
