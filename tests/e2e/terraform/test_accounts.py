"""Nothing happens in a wrong account, and nothing secret leaks."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.aws_server import AwsServer
from tests.support.terraform_project import BUILT_IN, Maker, error_of, quick

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    "words",
    [
        ("bootstrap",),
        ("init",),
        ("plan",),
        ("apply",),
        ("destroy", "--yes"),
        ("drift",),
        ("state", "--action", "pull"),
        ("unlock",),
    ],
    ids=lambda words: words[0],
)
def test_trap_3_4_wrong_account_ends_before_any_call_but_sts(
    make_project: Maker, servers: Callable[[str], AwsServer], words: tuple[str, ...]
) -> None:
    project = make_project(env="sit", server=servers("dev"), ready=False)
    before = len(project.server.requests())
    refused = error_of(project.cli(*words), 3)
    assert "536580886816, but sit is account 815856636111" in refused
    assert project.server.requests()[before:] == ["sts GetCallerIdentity"]


def test_trap_3_5_a_plan_is_private_ignored_by_git_and_leaves_only_encrypted(
    make_project: Maker, tmp_path: Path
) -> None:
    project = make_project()
    (project.root / ".gitignore").unlink()
    project.write(BUILT_IN + quick("first"))
    project.ok("plan", "--send")
    assert stat.S_IMODE((project.private / "saved.tfplan").stat().st_mode) == 0o600
    assert stat.S_IMODE(project.private.stat().st_mode) == 0o700
    assert ".terraform/" not in project.git("status", "--porcelain")

    bucket, s3 = "bbws-terraform-state-dev", project.client("s3")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{project.root.name}/plans/")["Contents"]
    (parcel,) = [row["Key"] for row in listed if row["Key"].endswith(".tfplan")]
    assert s3.head_object(Bucket=bucket, Key=parcel)["ServerSideEncryption"] == "AES256"

    other = project.clone(tmp_path / "there")
    assert "no saved plan" in error_of(other.cli("apply"), 3)
    other.ok("apply", "--fetch")
    versions = s3.list_object_versions(Bucket=bucket, Prefix=parcel)
    assert "Versions" not in versions
    assert "no plan waits" in error_of(project.cli("apply", "--fetch"), 3)


def test_trap_3_8_a_foreign_backend_is_never_migrated(make_project: Maker) -> None:
    project = make_project(ready=False)
    project.ok("bootstrap")
    (project.terraform / "terraform.tfstate").write_text(
        '{"version": 4, "serial": 9, "lineage": "foreign", "outputs": {}, "resources": []}'
    )
    data = project.terraform / ".terraform" / "dev"
    data.mkdir(parents=True)
    foreign = {"version": 3, "backend": {"type": "s3", "config": {"bucket": "other", "key": "k"}}}
    (data / "terraform.tfstate").write_text(json.dumps(foreign))
    assert "set up for bucket 'other'" in error_of(project.cli("plan"), 3)
    project.ok("init")
    assert "no resources" in project.ok("state", "--action", "list")
    pulled = json.loads(project.ok("state", "--action", "pull") or "{}")
    assert pulled.get("lineage", "") != "foreign"


def test_trap_3_8_a_configuration_without_the_backend_is_refused(make_project: Maker) -> None:
    project = make_project(ready=False)
    project.write(BUILT_IN.replace('backend "s3" {}', "") + quick("first"))
    project.ok("bootstrap")
    assert project.cli("init").returncode in {3, 4}
    assert project.cli("plan").returncode in {3, 4}
