"""The facts that a plan is bound to change exactly when what they stand for changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.git import git
from infra.artifacts import MISSING, digests, named_in, relative
from infra.folder import Folder
from infra.source import Base, base_of, provider_lock_name, read_source, uncommitted
from tests.infra.builders import created, make_change, make_plan

pytestmark = pytest.mark.usefixtures("git_identity")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    origin, root = tmp_path / "origin.git", tmp_path / "repo"
    git("init", "-q", "--bare", "-b", "main", origin, cwd=tmp_path)
    git("clone", "-q", origin, root, cwd=tmp_path)
    (root / "terraform").mkdir()
    (root / "terraform" / "main.tf").write_text("# one\n")
    commit(root)
    return Folder(root / "terraform", "dev")


def commit(root: Path) -> str:
    git("add", "-A", cwd=root)
    git("commit", "-qm", "change", "--allow-empty", cwd=root)
    git("push", "-q", "origin", "HEAD:main", cwd=root)
    return git("rev-parse", "HEAD", cwd=root).stdout.strip()


def test_terraforms_own_files_are_no_part_of_the_configuration(folder: Folder) -> None:
    before = read_source(folder)
    folder.prepare()
    (folder.private / "saved.tfplan").write_text("x")
    (folder.path / ".terraform.lock.hcl").write_text("lock")
    after = read_source(folder)
    assert after.configuration == before.configuration
    assert (before.provider_lock, bool(after.provider_lock)) == (None, True)


def test_a_changed_or_renamed_file_is_another_configuration(folder: Folder) -> None:
    before = read_source(folder).configuration
    (folder.path / "main.tf").rename(folder.path / "other.tf")
    renamed = read_source(folder).configuration
    (folder.path / "other.tf").write_text("# two\n")
    assert len({before, renamed, read_source(folder).configuration}) == 3


def test_the_commit_and_its_dirt_are_known(folder: Folder) -> None:
    assert read_source(folder).dirty is False
    (folder.path / "new.tf").write_text("")
    (folder.path / "main.tf").write_text("# changed\n")
    assert read_source(folder).dirty is True
    assert set(uncommitted(folder)) == {"terraform/new.tf", "terraform/main.tf"}


def test_a_provider_lock_file_is_named_until_it_is_committed(folder: Folder) -> None:
    root = folder.path.parent
    assert provider_lock_name(folder) is None
    folder.provider_lock.write_text("# providers\n")
    assert provider_lock_name(folder) == "terraform/.terraform.lock.hcl"
    git("add", "-A", cwd=root)
    git("commit", "-qm", "lock", cwd=root)
    assert provider_lock_name(folder) is None


def test_trap_3_3_how_a_commit_stands_to_the_default_branch(folder: Folder) -> None:
    root = folder.path.parent
    first = commit(root)
    assert base_of(folder, first) == (Base.CURRENT, first)
    second = commit(root)
    assert base_of(folder, first)[0] is Base.BEHIND
    git("commit", "-qm", "mine", "--allow-empty", cwd=root)
    mine = git("rev-parse", "HEAD", cwd=root).stdout.strip()
    assert base_of(folder, mine) == (Base.AHEAD, second)
    git("reset", "-q", "--hard", first, cwd=root)
    git("commit", "-qm", "aside", "--allow-empty", cwd=root)
    aside = git("rev-parse", "HEAD", cwd=root).stdout.strip()
    assert base_of(folder, aside)[0] is Base.DIVERGED


def test_trap_3_3_without_a_remote_the_answer_is_unknown(folder: Folder) -> None:
    git("remote", "remove", "origin", cwd=folder.path)
    assert base_of(folder, "c" * 40) == (Base.UNKNOWN, None)
    assert base_of(folder, None) == (Base.UNKNOWN, None)


def test_trap_3_7_the_built_code_a_plan_will_read_is_found(tmp_path: Path) -> None:
    plan = make_plan(
        created("aws_lambda_function.f", filename="../dist/f.zip"),
        created("aws_lambda_function.g", s3_bucket="artifacts", s3_key="g.zip"),
        make_change("aws_lambda_function.same", ["no-op"], after={"filename": "same.zip"}),
        created("aws_sns_topic.t"),
    )
    assert named_in(plan) == {"../dist/f.zip", "s3://artifacts/g.zip"}


def test_trap_3_7_an_artifact_that_went_is_not_the_one_that_was(tmp_path: Path) -> None:
    (tmp_path / "tf").mkdir()
    file = tmp_path / "lambda.zip"
    file.write_bytes(b"one")
    names = relative([file], tmp_path / "tf")
    assert names == {"../lambda.zip"}
    session = object()
    before = digests(names, tmp_path / "tf", session)  # type: ignore[arg-type]
    file.unlink()
    after = digests(names, tmp_path / "tf", session)  # type: ignore[arg-type]
    assert before != after == (("../lambda.zip", MISSING),)
