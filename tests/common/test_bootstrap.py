"""What a script does in a Python that is not its own."""

from __future__ import annotations

from common.bootstrap import PACKAGES

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one script and no `.venv`, in a folder with a blank in its name."""
    root = tmp_path / "a checkout"
    devops = root / "utils" / "devops"
    devops.mkdir(parents=True)
    source = ROOT / "utils" / "devops"
    shutil.copytree(source / "common", devops / "common")
    (devops / "tool.py").write_text(
        "import common.bootstrap\nimport sys\nprint(sys.orig_argv[0])\n", encoding="utf-8"
    )
    return root


def run(
    root: Path, *words: str, options: tuple[str, ...] = (), **variables: str
) -> tuple[int, str, str]:
    answer = subprocess.run(
        [sys.executable, *options, str(root / "utils" / "devops" / "tool.py"), *words],
        cwd=root.parent,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return answer.returncode, answer.stdout, answer.stderr


def add_environment(root: Path) -> Path:
    """A finished `.venv` that runs this interpreter."""
    venv = root / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text("home = nowhere\n")
    (venv / ".requirements").write_text("")
    for name in PACKAGES:
        (venv / "lib" / "python3.11" / "site-packages" / name).mkdir(parents=True)
    python = venv / "bin" / "python"
    python.write_text('#!/bin/sh\necho "handed over: $*"\n')
    python.chmod(0o755)
    return python


def old_click(folder: Path) -> Path:
    """A folder with a click that lacks what the scripts need."""
    (folder / "click").mkdir(parents=True)
    (folder / "click" / "__init__.py").write_text("class exceptions: pass\nclass ParamType: pass\n")
    (folder / "click-7.0.dist-info").mkdir()
    (folder / "click-7.0.dist-info" / "METADATA").write_text("Name: click\nVersion: 7.0\n")
    return folder


def test_packages_that_are_here_are_enough(checkout: Path) -> None:
    assert run(checkout) == (0, f"{sys.executable}\n", "")


def test_a_finished_environment_takes_over_though_all_packages_are_here(checkout: Path) -> None:
    add_environment(checkout)
    code, out, _ = run(checkout, "--env", "dev")
    assert code == 0
    assert out.startswith("handed over: ")
    assert out.endswith("tool.py --env dev\n")


@pytest.mark.parametrize("gone", [".requirements", "pyvenv.cfg", "bin/python"])
def test_an_unfinished_environment_does_not(checkout: Path, gone: str) -> None:
    add_environment(checkout)
    (checkout / ".venv" / gone).unlink()
    assert run(checkout) == (0, f"{sys.executable}\n", "")


def test_an_environment_without_the_packages_does_not(checkout: Path) -> None:
    add_environment(checkout)
    (checkout / ".venv" / "lib" / "python3.11" / "site-packages" / "rich").rmdir()
    assert run(checkout) == (0, f"{sys.executable}\n", "")


def test_an_environment_that_does_not_start_is_passed_over(checkout: Path) -> None:
    add_environment(checkout).chmod(0o644)
    assert run(checkout) == (0, f"{sys.executable}\n", "")


def test_only_a_script_is_handed_over_never_what_imports_one(checkout: Path) -> None:
    add_environment(checkout)
    other = checkout / "runner.py"
    other.write_text("import sys\nsys.path.insert(0, 'utils/devops')\nimport tool\n")
    answer = subprocess.run(
        [sys.executable, str(other)], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert answer.stdout == f"{sys.executable}\n"


def test_another_click_is_one_line(checkout: Path, tmp_path: Path) -> None:
    code, out, error = run(checkout, PYTHONPATH=str(old_click(tmp_path / "old")))
    assert (code, out) == (4, "")
    assert error.splitlines() == [
        "error: click 7.0 is not the version these scripts need",
        "hint: one command installs the right one: "
        "python3 'a checkout/utils/devops/local_runner.py' setup",
    ]


def test_missing_packages_are_one_json_document_where_that_is_asked_for(checkout: Path) -> None:
    code, out, error = run(checkout, "-o", "json", options=("-S",), PYTHONPATH="")
    found = json.loads(out)["error"]
    assert (code, error, found["code"]) == (4, "", "unavailable")
    assert found["message"].startswith("not installed: click, yaml")
    assert found["hint"].endswith("python3 'a checkout/utils/devops/local_runner.py' setup")
