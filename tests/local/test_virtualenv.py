from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from common.home import STAMP
from local.virtualenv import (
    PreparationError,
    digest,
    is_ready,
    prepare,
    python_of,
    requirement_files,
)

pytestmark = pytest.mark.e2e


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text("")
    return tmp_path


def test_environment_is_made_once(project: Path) -> None:
    said: list[str] = []
    files = requirement_files(project)
    python = prepare(project / ".venv", files, said.append)
    assert python == python_of(project / ".venv")
    assert len(said) == 2
    prepare(project / ".venv", files, said.append)
    assert len(said) == 2


def test_environment_without_its_stamp_is_not_ready(project: Path) -> None:
    files = requirement_files(project)
    prepare(project / ".venv", files, lambda _: None)
    (project / ".venv" / STAMP).unlink()
    assert not is_ready(project / ".venv", files)


@pytest.mark.parametrize("name", ["requirements.txt", "constraints.txt"])
def test_changed_requirements_are_noticed(project: Path, name: str) -> None:
    before = digest(requirement_files(project))
    (project / name).write_text("click==8.5.1\n")
    assert digest(requirement_files(project)) != before


def test_an_environment_in_use_is_brought_up_to_date_in_place(project: Path) -> None:
    said: list[str] = []
    prepare(project / ".venv", requirement_files(project), said.append)
    kept = project / ".venv" / "in-use"
    kept.touch()
    (project / "requirements.txt").write_text("# a comment\n")
    prepare(project / ".venv", requirement_files(project), said.append)
    assert kept.exists()
    assert [line.split()[0] for line in said] == ["creating", "installing", "installing"]
    assert is_ready(project / ".venv", requirement_files(project))


def test_what_is_not_asked_for_any_more_goes(project: Path) -> None:
    required = project / "requirements.txt"
    required.write_text("idna\n")
    python = prepare(project / ".venv", [required], lambda _: None)
    required.write_text("# nothing\n")
    prepare(project / ".venv", [required], lambda _: None)
    listed = subprocess.run(
        [python, "-m", "pip", "list"], capture_output=True, text=True, check=True
    )
    assert "idna" not in listed.stdout


def test_what_somebody_else_made_is_left_alone(project: Path) -> None:
    (project / ".venv").mkdir()
    precious = project / ".venv" / "data"
    precious.touch()
    with pytest.raises(PreparationError, match="was not made by this tool"):
        prepare(project / ".venv", requirement_files(project), lambda _: None)
    assert precious.exists()


def test_a_link_is_left_alone(project: Path) -> None:
    (project / "elsewhere").mkdir()
    (project / "elsewhere" / STAMP).touch()
    (project / ".venv").symlink_to(project / "elsewhere")
    with pytest.raises(PreparationError, match="was not made by this tool"):
        prepare(project / ".venv", requirement_files(project), lambda _: None)
    assert (project / "elsewhere" / STAMP).exists()


def test_another_base_python_makes_it_anew(project: Path) -> None:
    files = requirement_files(project)
    python = prepare(project / ".venv", files, lambda _: None)
    python.unlink()
    python.symlink_to("/bin/sh")
    assert not is_ready(project / ".venv", files)
    said: list[str] = []
    prepare(project / ".venv", files, said.append)
    assert said[0].startswith("creating")


def test_a_ready_environment_needs_no_lock(project: Path) -> None:
    prepare(project / ".venv", requirement_files(project), lambda _: None)
    (project / ".venv.lock").unlink()
    prepare(project / ".venv", requirement_files(project), lambda _: None)
    assert not (project / ".venv.lock").exists()


def test_unwritable_folder_is_one_clear_line(project: Path) -> None:
    (project / "taken").write_text("")
    with pytest.raises(PreparationError, match="cannot be written"):
        prepare(project / "taken" / ".venv", requirement_files(project), lambda _: None)
