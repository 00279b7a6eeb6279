"""What is deployed is a commit; the lock file that Terraform writes first is no other one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.errors import RefusedError, UnavailableError
from deploy.codec import encode
from deploy.packaging.artifacts import Artifacts, Manifest, manifest_key
from deploy.packaging.building import (
    PROVIDER_LOCK,
    artifact_for,
    clean_commit,
    has_new_provider_lock,
)
from deploy.repository import Repository, find_repository
from tests.deploy.aws import Repo
from tests.deploy.fakes import FakeTime, MemoryBucket


@pytest.fixture
def repo(tmp_path: Path, git_identity: None) -> Repo:
    made = Repo(tmp_path, "auth")
    (made.root / "terraform").mkdir()
    (made.root / "terraform" / "main.tf").write_text("")
    made.commit("v1.0.0")
    return made


def checkout(repo: Repo) -> Repository:
    found = find_repository(repo.root, "auth")
    assert found is not None
    return found


def lock(repo: Repo, text: str) -> None:
    (repo.root / PROVIDER_LOCK).write_text(text)


def test_the_lock_that_the_first_deployment_wrote_does_not_stop_the_second(repo: Repo):
    lock(repo, "one")
    assert clean_commit(checkout(repo)) == repo.git("rev-parse", "HEAD")
    assert has_new_provider_lock(checkout(repo))


def test_a_committed_lock_that_changed_is_another_commit(repo: Repo):
    lock(repo, "one")
    repo.commit("v1.0.1")
    assert not has_new_provider_lock(checkout(repo))
    lock(repo, "two")
    with pytest.raises(RefusedError) as caught:
        clean_commit(checkout(repo))
    assert "other providers than were committed" in caught.value.hint


def test_anything_else_beside_the_lock_is_refused(repo: Repo):
    lock(repo, "one")
    (repo.root / "src" / "more.py").write_text("")
    with pytest.raises(RefusedError, match=r"not committed: src/more\.py"):
        clean_commit(checkout(repo))


class NoImages:
    """A registry that has lost everything."""

    def size(self, repository, sha256):
        return None


def test_an_image_that_is_gone_is_not_replaced_by_a_package(repo: Repo):
    artifacts, commit = Artifacts(MemoryBucket(), "auth", NoImages()), repo.git("rev-parse", "HEAD")
    manifest = Manifest("auth", commit, "a" * 64, 1, 0, (), "now", image="bbws/auth")
    content = json.dumps(encode(manifest)).encode()
    artifacts.bucket.content[manifest_key("auth", commit)] = content
    with pytest.raises(UnavailableError, match="is not in the registry"):
        artifact_for(checkout(repo), commit, artifacts, FakeTime().clock)
    assert artifacts.manifest(commit) == manifest
