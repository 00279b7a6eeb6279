"""What a pipeline has to know about the service it is made for."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from common.errors import UnavailableError, UsageProblemError
from common.git import git

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}")
_PYTHON = re.compile(r"3\.\d{1,2}")
_FOLDER = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
_CONVENTION = re.compile(r"\d+_bbws_(?P<service>[a-z0-9_]+?)_lambda")


@dataclass(frozen=True, slots=True)
class PipelineService:
    """A service as its pipelines see it; values are checked, as they end up in YAML and in shell.

    `terraform_path` is relative to the repository's root, with forward slashes.
    """

    name: str
    repository: str
    python_version: str = "3.12"
    terraform_path: str = "terraform"

    def __post_init__(self) -> None:
        for what, value, pattern in (
            ("service name", self.name, _NAME),
            ("repository name", self.repository, _REPOSITORY),
            ("Python version", self.python_version, _PYTHON),
            ("Terraform folder", self.terraform_path, _FOLDER),
        ):
            if not pattern.fullmatch(value):
                raise UsageProblemError(f"{value!r} cannot be used as {what} in a workflow")
        if ".." in PurePosixPath(self.terraform_path).parts:
            raise UsageProblemError(f"{self.terraform_path!r} is outside the repository")


def service_of(repository: Path, name: str | None = None) -> PipelineService:
    """The service whose repository is in this folder.

    Args:
        name: The service's name, where the folder, the remote and `pyproject.toml` do not tell it.

    Raises:
        UnavailableError: The folder does not exist, or does not tell which service it is.
    """
    root = repository.resolve()
    if not root.is_dir():
        raise UnavailableError(
            f"{str(repository)!r} is no folder", hint="--repo names the service's repository"
        )
    candidates = [root.name, _remote_name(root), _project_name(root)]
    for candidate in candidates:
        match = _CONVENTION.fullmatch(candidate)
        if match:
            return PipelineService(name or match["service"], candidate)
    if name is None:
        raise UnavailableError(
            f"{str(repository)!r} does not tell which service it is: "
            "neither its name, its remote nor pyproject.toml is like 2_bbws_auth_lambda",
            hint="name it with --service",
        )
    return PipelineService(name, root.name)


def _remote_name(root: Path) -> str:
    if not (root / ".git").exists():
        return ""
    answer = git("config", "--get", "remote.origin.url", cwd=root, check=False)
    return PurePosixPath(answer.stdout.strip()).name.removesuffix(".git")


def _project_name(root: Path) -> str:
    try:
        table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    name = table.get("project", {}).get("name", "")
    return str(name).replace("-", "_")
