"""Generating again: nothing twice, no edit lost, nothing half-written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.baseline import BASELINE, read_baseline
from codegen.code import RenderedFile
from codegen.plan import PartFiles, Verb, check_path, make_plan
from codegen.scaffold import plan_scaffold, scaffold
from codegen.write import carry_out
from common.errors import RefusedError, UnavailableError
from tests.codegen.builders import make_design, make_field, make_model

PARTS = ["lambda", "tests", "docker", "project"]
MODEL = "src/models/order.py"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "service"


@pytest.fixture
def generated(root):
    scaffold(make_design(), root, PARTS)
    return root


def changed_design():
    order = make_design().models[0]
    return make_design(models=(replace(order, fields=(*order.fields, make_field("colour"))),))


def verbs(plan):
    return {one.path: one.verb for one in plan.changes}


def fingerprint(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_first_run_creates_every_path(root):
    plan = scaffold(make_design(), root, PARTS)
    assert {one.verb for one in plan.changes} == {Verb.CREATE}
    assert all((root / one.path).is_file() for one in plan.changes)


def test_a_second_run_changes_nothing(generated):
    before = fingerprint(generated)
    plan = scaffold(make_design(), generated, PARTS)
    assert {one.verb for one in plan.changes} == {Verb.IDENTICAL}
    assert fingerprint(generated) == before


def test_two_runs_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        scaffold(make_design(), tmp_path / name / "service", PARTS)
    one, two = (fingerprint(tmp_path / name / "service") for name in ("one", "two"))
    assert list(one.values()) == list(two.values())


def test_a_changed_design_updates_what_nobody_edited(generated):
    plan = scaffold(changed_design(), generated, PARTS)
    assert verbs(plan)[MODEL] is Verb.UPDATE
    assert "colour: str" in (generated / MODEL).read_text()


def test_an_edit_survives_a_run(generated):
    path = generated / MODEL
    path.write_text(path.read_text() + "\n# mine\n")
    plan = scaffold(make_design(), generated, PARTS)
    assert verbs(plan)[MODEL] is Verb.KEEP
    assert path.read_text().endswith("# mine\n")


def test_trap_7_1_edits_and_a_changed_design_are_merged(generated):
    path = generated / MODEL
    path.write_text(path.read_text().replace('"""The model', "# mine\n" + '"""The model'))
    plan = scaffold(changed_design(), generated, PARTS)
    assert verbs(plan)[MODEL] is Verb.MERGE
    assert path.read_text().startswith("# mine\n")
    assert "colour: str" in path.read_text()


def test_windows_line_endings_survive_a_run(generated):
    path = generated / "README.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    before = path.read_bytes()
    plan = scaffold(make_design(), generated, PARTS)
    assert verbs(plan)["README.md"] is Verb.KEEP
    assert path.read_bytes() == before


def conflicting_edit(generated):
    path = generated / MODEL
    text = path.read_text().replace(
        'created_at: dt.datetime = Field(alias="createdAt")', "mine: int"
    )
    assert "mine: int" in text
    path.write_text(text)
    return text


def test_trap_7_2_a_conflict_leaves_the_edit_and_lays_the_new_text_beside(generated):
    text = conflicting_edit(generated)
    plan = scaffold(changed_design(), generated, PARTS)
    assert [one.path for one in plan.conflicts] == [MODEL]
    assert (generated / MODEL).read_text() == text
    assert "colour: str" in (generated / f"{MODEL}.new").read_text()


def test_a_conflict_stays_one_until_the_new_file_is_gone(generated):
    conflicting_edit(generated)
    for _ in range(2):
        assert scaffold(changed_design(), generated, PARTS).conflicts
    (generated / f"{MODEL}.new").unlink()
    assert verbs(scaffold(changed_design(), generated, PARTS))[MODEL] is Verb.KEEP
    assert not (generated / f"{MODEL}.new").exists()
    assert verbs(scaffold(changed_design(), generated, PARTS))[MODEL] is Verb.KEEP


def test_what_was_deleted_stays_deleted(generated):
    (generated / "Dockerfile").unlink()
    for _ in range(2):
        assert verbs(scaffold(make_design(), generated, PARTS))["Dockerfile"] is Verb.ABSENT
    assert not (generated / "Dockerfile").exists()


def test_what_the_design_drops_is_deleted_unless_edited(generated):
    module = "src/handlers/create_order.py"
    design = make_design(functions=())
    plan = plan_scaffold(design, generated, PARTS)
    assert verbs(plan)[module] is Verb.DELETE
    (generated / module).write_text("# mine\n")
    plan = scaffold(design, generated, PARTS)
    assert verbs(plan)[module] is Verb.LEAVE
    assert (generated / module).read_text() == "# mine\n"


def test_a_part_leaves_the_others_alone(generated):
    plan = scaffold(changed_design(), generated, ["docker"])
    assert {one.path for one in plan.changes} == {"Dockerfile", ".dockerignore"}
    assert verbs(scaffold(make_design(), generated, PARTS))[MODEL] is Verb.IDENTICAL


def test_parts_add_up_to_the_whole(tmp_path):
    for part in PARTS:
        scaffold(make_design(), tmp_path / "service", [part])
    plan = plan_scaffold(make_design(), tmp_path / "service", PARTS)
    assert {one.verb for one in plan.changes} == {Verb.IDENTICAL}


def test_a_plan_writes_nothing(generated):
    before = fingerprint(generated)
    assert plan_scaffold(changed_design(), generated, PARTS).changes_anything
    assert fingerprint(generated) == before


def test_a_folder_with_something_else_is_refused(root):
    root.mkdir()
    (root / "notes.txt").write_text("mine")
    with pytest.raises(RefusedError, match="not empty"):
        scaffold(make_design(), root, PARTS)
    assert [one.name for one in root.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("content", [[], [".git"]])
def test_an_empty_folder_or_a_new_clone_is_taken(root, content):
    root.mkdir()
    for name in content:
        (root / name).mkdir()
    assert scaffold(make_design(), root, PARTS).changes
    assert (root / MODEL).is_file()


def test_a_file_in_the_place_of_the_folder_is_unavailable(root):
    root.write_text("a file")
    with pytest.raises(UnavailableError, match="is a file"):
        scaffold(make_design(), root, PARTS)


def test_an_unwritable_parent_is_unavailable(tmp_path):
    (tmp_path / "parent").write_text("a file, in which not even root makes a folder")
    with pytest.raises(UnavailableError, match="writing"):
        scaffold(make_design(), tmp_path / "parent" / "service", PARTS)


def test_a_failing_write_leaves_nothing_behind(root, monkeypatch):
    def full(self, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UnavailableError, match="No space left"):
        scaffold(make_design(), root, PARTS)
    assert list(root.parent.iterdir()) == []


def test_a_failing_write_leaves_a_repository_as_it_was(generated, monkeypatch):
    before = fingerprint(generated)

    def full(self, content):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(UnavailableError):
            scaffold(changed_design(), generated, PARTS)
    assert fingerprint(generated) == before


def test_trap_7_5_a_run_that_was_ended_half_way_is_finished_by_the_next(generated, monkeypatch):
    edited = generated / "README.md"
    edited.write_text(edited.read_text() + "\nmine\n")
    replace_ = Path.replace
    left = 2

    def ended(self, target):
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return replace_(self, target)

    wanted = verbs(plan_scaffold(changed_design(), generated, PARTS))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", ended)
        with pytest.raises(KeyboardInterrupt):
            scaffold(changed_design(), generated, PARTS)
    again = verbs(scaffold(changed_design(), generated, PARTS))
    done = [path for path, verb in wanted.items() if verb is Verb.UPDATE]
    assert {again[path] for path in done} == {Verb.IDENTICAL, Verb.UPDATE}
    assert edited.read_text().endswith("mine\n")
    assert not plan_scaffold(changed_design(), generated, PARTS).changes_anything


@pytest.mark.parametrize("content", ["{", "[]", '{"form": 9}', ""])
def test_a_damaged_baseline_is_no_licence_to_overwrite(generated, content):
    (generated / BASELINE).write_text(content)
    with pytest.raises(UnavailableError, match="damaged"):
        scaffold(make_design(), generated, PARTS)


def test_a_changed_digest_in_the_baseline_is_noticed(generated):
    path = generated / BASELINE
    content = json.loads(path.read_text())
    content["files"][MODEL]["text"] += "x"
    path.write_text(json.dumps(content))
    with pytest.raises(UnavailableError, match="damaged"):
        read_baseline(generated)


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "a\\b", "", "a//b", "./a", "a\0b"])
def test_trap_7_3_a_path_outside_the_folder_is_refused(tmp_path, path):
    with pytest.raises(RefusedError, match="line 7"):
        check_path(tmp_path, RenderedFile(path, "", 7))


def test_trap_7_3_a_link_out_of_the_folder_is_refused(generated, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    models = generated / "src" / "models"
    for one in models.iterdir():
        one.unlink()
    models.rmdir()
    models.symlink_to(outside, target_is_directory=True)
    with pytest.raises(RefusedError, match="link"):
        scaffold(changed_design(), generated, PARTS)
    assert list(outside.iterdir()) == []


def test_two_parts_cannot_write_one_path(tmp_path):
    parts = [PartFiles(name, (RenderedFile(path, ""),)) for name, path in (("a", "X"), ("b", "x"))]
    with pytest.raises(RefusedError, match="twice"):
        make_plan(tmp_path, parts, None, toolkit="1", document="d")


def test_a_new_version_of_the_toolkit_is_recorded(generated):
    before = read_baseline(generated)
    plan = plan_scaffold(make_design(document="renamed.md"), generated, ["docker"])
    carry_out(plan)
    after = read_baseline(generated)
    assert after.document == "renamed.md"
    assert after.files == before.files


def test_a_model_that_is_gone_takes_its_module_along(generated):
    more = make_design(models=(*make_design().models, make_model("Extra", "name")))
    scaffold(more, generated, PARTS)
    assert (generated / "src/models/extra.py").is_file()
    scaffold(make_design(), generated, PARTS)
    assert not (generated / "src/models/extra.py").exists()
