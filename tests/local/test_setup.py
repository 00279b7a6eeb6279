"""What `setup` does beside making the environment: git hooks, and a look at the Python version."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from common.git import git
from local.hooks import install_hooks
from local.project import Kind, Project
from local.setup import set_up
from local_runner import cli
from tests.conftest import ROOT
from tests.local.conftest import stand_in_environment

PYTHON = Path(sys.executable)


@pytest.fixture
def repository(tmp_path: Path) -> Project:
    """A repository with the hooks of the toolkit."""
    git("init", "--quiet", cwd=tmp_path)
    shutil.copy(ROOT / ".pre-commit-config.yaml", tmp_path)
    return Project(tmp_path, Kind.TOOLKIT)


def test_hooks_of_every_type_are_installed(repository: Project) -> None:
    assert install_hooks(repository, PYTHON).done
    hooks = repository.root / ".git" / "hooks"
    assert {hook.name for hook in hooks.glob("pre-*") if hook.suffix != ".sample"} == {
        "pre-commit",
        "pre-push",
    }


def test_folder_without_a_repository_has_no_hooks(service: Project) -> None:
    installed = install_hooks(service, PYTHON)
    assert (installed.done, installed.by_choice) == (False, True)


def test_hooks_kept_elsewhere_are_a_warning(
    service: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "--quiet", cwd=service.root)
    git("config", "core.hooksPath", "/elsewhere", cwd=service.root)
    shutil.copy(ROOT / ".pre-commit-config.yaml", service.root)
    stand_in_environment(service)
    monkeypatch.chdir(service.root)
    result = CliRunner().invoke(cli, ["setup", "-o", "json"])
    assert result.exit_code == 0, result.stderr
    assert "the git hooks are not installed: git's core.hooksPath is '/elsewhere'" in result.stderr
    assert json.loads(result.stdout)["git_hooks"] is False


def test_version_is_that_of_the_environment(service: Project) -> None:
    stand_in_environment(service)
    service.python.write_text("#!/bin/sh\necho 3 12\n")
    done = set_up(service)
    assert (done.version, done.matches_lambda) == ((3, 12), True)
    service.python.write_text("#!/bin/sh\necho 3 9\n")
    assert not set_up(service).matches_lambda
