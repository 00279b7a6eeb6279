"""What a rehearsal says of itself; the stages that cost minutes run in other end-to-end tests."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from codegen.scaffold import scaffold
from common.errors import DevopsError, UnavailableError
from lld.parse import parse_file
from local import rehearsal
from local.checks import Outcome
from local.project import Project
from local.rehearsal import default_design, rehearse

PYTHON = Path(sys.executable)


def quiet(_: str) -> nullcontext[None]:
    return nullcontext()


@pytest.fixture
def ready_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's requirements are met already, by the interpreter that runs this test."""
    monkeypatch.setattr(rehearsal, "is_ready", lambda *_: True)
    monkeypatch.setattr(rehearsal, "service_python", lambda _: PYTHON)


@pytest.mark.usefixtures("ready_environment")
def test_failed_test_is_named_with_its_assertion(service: Project) -> None:
    (service.root / "src" / "add.py").write_text("def add(a: int, b: int) -> int:\n    return a\n")
    *_, last = rehearsal._stages_of_the_service(service, quiet)
    assert (last.name, last.passed, last.result) == (
        "test",
        False,
        "0 passed, 1 failed, 100 % covered",
    )
    assert last.details == "tests.test_add::test_add: assert 1 == 3"


@pytest.mark.usefixtures("ready_environment")
def test_gate_that_could_not_look_everywhere_ends_the_rehearsal(
    service: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    skipped = Outcome("bandit", found=False, output="src/zz.py: not scanned", complete=False)
    monkeypatch.setattr(rehearsal, "run_gates", lambda *_: [skipped])
    with pytest.raises(UnavailableError, match="bandit could not run"):
        list(rehearsal._stages_of_the_service(service, quiet))
    assert "src/zz.py: not scanned" in capsys.readouterr().err


@pytest.mark.usefixtures("ready_environment")
def test_nothing_is_called_installed_that_was_there(service: Project) -> None:
    first = next(rehearsal._stages_of_the_service(service, quiet))
    assert first.result == "its own requirements were already there"


def test_merge_conflict_ends_the_rehearsal(tmp_path: Path) -> None:
    design = parse_file(default_design())
    root = tmp_path / str(design.repository)
    scaffold(design, root)
    (root / "README.md").write_text("# Something else\n")
    changed = tmp_path / default_design().name
    text = default_design().read_text()
    changed.write_text(text.replace("Bookmark Lambda", "Bookmarks Lambda"))
    *_, last = rehearse(changed, tmp_path, quiet)
    assert (last.name, last.passed) == ("generate", False)
    assert "1 conflict" in last.result
    assert last.details == f"{root / 'README.md'}: compare it with its .new"


def test_unwritable_folder_names_the_option_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DevopsError) as raised:
        list(rehearse(default_design(), tmp_path / "file", quiet))
    assert "--keep" in str(raised.value.hint)


@pytest.mark.parametrize("kept", [True, False])
def test_folder_that_will_be_gone_is_not_named(tmp_path: Path, kept: bool) -> None:
    stages = rehearse(default_design(), tmp_path, quiet, kept=kept)
    generated = [next(stages), next(stages)][1]
    assert (str(tmp_path) in generated.result) is kept
    assert ("removed at the end without --keep" in generated.result) is not kept
