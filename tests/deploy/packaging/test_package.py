from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from common.errors import RefusedError, UnavailableError
from deploy.packaging import package
from deploy.packaging.artifacts import Artifacts, Manifest, evidence_of
from deploy.packaging.package import build, lambda_digest, write_zip
from tests.deploy.aws import Repo
from tests.deploy.builders import deployment
from tests.deploy.fakes import MemoryBucket


@pytest.fixture
def plain(tmp_path: Path, git_identity: None) -> Repo:
    repo = Repo(tmp_path / "one", "auth")
    repo.commit("v1.0.0")
    return repo


def test_trap_2_10_the_same_commit_is_the_same_bytes(plain: Repo, tmp_path: Path):
    first = build(plain.root, tmp_path / "first.zip")
    clone = tmp_path / "two" / plain.root.name
    plain.git("clone", "--quiet", str(plain.root), str(clone))
    for number, path in enumerate(sorted(clone.rglob("*.py"))):
        path.chmod(0o755 if number % 2 else 0o600)
        os.utime(path, (number, number))
    second = build(clone, tmp_path / "second.zip")
    assert first.sha256 == second.sha256
    assert first.path.read_bytes() == second.path.read_bytes()


def test_another_commit_is_other_bytes(plain: Repo, tmp_path: Path):
    first = build(plain.root, tmp_path / "first.zip")
    plain.commit("v1.1.0")
    assert build(plain.root, tmp_path / "second.zip").sha256 != first.sha256


def test_only_committed_sources_are_in_the_package(plain: Repo, tmp_path: Path):
    cache = plain.root / "src" / "__pycache__"
    cache.mkdir()
    (cache / "x.pyc").write_text("")
    (plain.root / "src" / "secret.env").write_text("")
    made = build(plain.root, tmp_path / "made.zip")
    with zipfile.ZipFile(made.path) as archive:
        infos = archive.infolist()
    assert [i.filename for i in infos] == [
        "src/__init__.py", "src/handlers/__init__.py", "src/handlers/api.py",
    ]  # fmt: skip
    assert {i.date_time for i in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {i.external_attr >> 16 for i in infos} == {0o100644}


def test_a_package_too_large_is_explained(plain: Repo, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(package, "MAX_UNZIPPED", 10)
    with pytest.raises(RefusedError, match="Lambda takes 0 MB") as caught:
        build(plain.root, tmp_path / "made.zip")
    assert "largest parts: src" in (caught.value.hint or "")


def test_dependencies_are_installed_for_lambdas_platform_and_python():
    words = package._pip_words([Path("requirements.txt"), Path("constraints.txt")], Path("out"))
    text = " ".join(map(str, words))
    assert "--platform manylinux2014_aarch64" in text
    assert "--only-binary=:all:" in text
    assert "--python-version 3.12" in text
    assert "--requirement requirements.txt --constraint constraints.txt" in text


def test_no_sources_is_explained(tmp_path: Path, git_identity: None):
    repo = Repo(tmp_path, "auth")
    with pytest.raises(UnavailableError, match="no committed files"):
        build(repo.root, tmp_path / "made.zip")


def test_entries_are_sorted_whatever_order_they_come_in(tmp_path: Path):
    (tmp_path / "x").write_text("x")
    entries = dict.fromkeys(("b", "a", "c"), tmp_path / "x")
    write_zip(tmp_path / "1.zip", entries)
    write_zip(tmp_path / "2.zip", dict(sorted(entries.items())))
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_lambdas_digest_is_base64_of_the_same_hash():
    assert lambda_digest("00" * 32) == "A" * 43 + "="


CODE = b"code"
SHA = hashlib.sha256(CODE).hexdigest()
MANIFEST = Manifest("auth", "c" * 40, SHA, 4, 4, (), "now")


def artifacts() -> Artifacts:
    return Artifacts(MemoryBucket(), "2_bbws_auth_lambda")


def test_trap_2_7_a_release_is_promoted_from_the_bucket_by_its_digest():
    lower, upper = artifacts(), artifacts()
    lower.keep(MANIFEST, CODE)
    upper.copy_from(lower, MANIFEST.commit, SHA)
    assert upper.package(SHA) == CODE
    assert upper.manifest(MANIFEST.commit) == MANIFEST


def test_bytes_that_changed_in_the_bucket_are_refused():
    lower = artifacts()
    lower.keep(MANIFEST, CODE)
    lower.bucket.content[f"2_bbws_auth_lambda/packages/{SHA}.zip"] = b"evil"
    with pytest.raises(RefusedError, match="has digest"):
        artifacts().copy_from(lower, MANIFEST.commit, SHA)


def test_a_manifest_of_another_digest_is_refused():
    lower = artifacts()
    lower.keep(MANIFEST, CODE)
    with pytest.raises(RefusedError, match="was tested"):
        artifacts().copy_from(lower, MANIFEST.commit, "0" * 64)


def test_evidence_is_read_as_it_was_written():
    kept, proven = artifacts(), evidence_of(deployment(digest=SHA), "chain")
    assert proven.functions
    kept.prove(proven)
    assert kept.evidence(proven.commit) == proven


def test_evidence_that_was_changed_is_refused():
    kept = artifacts()
    kept.prove(evidence_of(deployment(digest=SHA), "chain"))
    (key,) = kept.bucket.keys("2_bbws_auth_lambda/evidence/")
    kept.bucket.content[key] = kept.bucket.content[key].replace(SHA.encode(), b"0" * 64)
    with pytest.raises(RefusedError, match="was changed after"):
        kept.evidence("c" * 40)


def test_a_package_that_is_gone_says_what_to_do():
    with pytest.raises(UnavailableError, match="is not in") as caught:
        artifacts().package(SHA)
    assert "dev again" in (caught.value.hint or "")
