"""From a bare Python: what needs the packages installs them or says how."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.contracts import SCRIPTS

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with nothing installed."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False)
    return folder / "bin" / "python"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the scripts without any `.venv`, in a folder whose name has a space."""
    target = tmp_path / "a copy"
    shutil.copytree(ROOT / "utils", target / "utils", ignore=shutil.ignore_patterns("__pycache__"))
    return target


def start(python: Path, checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, *words], cwd=checkout, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("script", [name for name in SCRIPTS if name != "local_runner"])
def test_script_without_its_dependencies_prints_the_one_command_that_fixes_it(
    script: str, bare_python: Path, checkout: Path
) -> None:
    answer = start(bare_python, checkout, f"utils/devops/{script}.py", "--help")
    assert answer.returncode == 4
    assert answer.stdout == ""
    first, hint = answer.stderr.splitlines()
    assert first.startswith("error: not installed: click, ")
    assert hint.endswith(": python3 utils/devops/local_runner.py setup")


def test_finished_environment_takes_over(bare_python: Path, checkout: Path) -> None:
    venv.create(checkout / ".venv", with_pip=False)
    (checkout / ".venv" / ".requirements").write_text("digest")
    (packages,) = (checkout / ".venv" / "lib").glob("python*/site-packages")
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        (packages / package.name).symlink_to(package)
    answer = start(bare_python, checkout, "utils/devops/deploy_cli.py", "--help")
    assert (answer.returncode, answer.stderr) == (0, "")


def test_runner_installs_what_it_needs_and_says_so(bare_python: Path, checkout: Path) -> None:
    (checkout / "requirements.txt").write_text("no-such-package-of-bbws==1.0\n")
    answer = start(bare_python, checkout, "utils/devops/local_runner.py", "setup")
    assert answer.returncode == 4
    assert "… creating" in answer.stderr
    assert "… installing" in answer.stderr
    assert "error: pip could not install the requirements: ERROR: " in answer.stderr
    assert "Traceback" not in answer.stderr


def test_interrupted_installation_is_not_taken_for_a_finished_one(
    bare_python: Path, checkout: Path
) -> None:
    (checkout / "requirements.txt").write_text("no-such-package-of-bbws==1.0\n")
    start(bare_python, checkout, "utils/devops/local_runner.py", "setup")
    assert (checkout / ".venv" / "bin" / "python").exists()
    answer = start(bare_python, checkout, "utils/devops/deploy_cli.py", "--help")
    assert answer.returncode == 4
