"""Plans that must not be applied: used, stale, changed, too old."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.terraform_project import BUILT_IN, Maker, error_of, quick, writes

pytestmark = pytest.mark.e2e


def test_trap_3_1_the_same_plan_never_serves_twice_not_even_on_a_fresh_state(
    make_project: Maker,
) -> None:
    project = make_project()
    project.ok("plan")
    copies = {p: p.read_bytes() for p in project.private.iterdir() if p.name.startswith("saved.")}
    project.ok("apply")
    assert not (project.private / "saved.tfplan").exists()
    for path, content in copies.items():
        path.write_bytes(content)
    project.client("s3").delete_object(
        Bucket="bbws-terraform-state-dev", Key=f"{project.root.name}/terraform.tfstate"
    )
    again = error_of(project.cli("apply"), 3)
    assert "this plan was applied before" in again


def test_trap_3_2_a_newer_plan_elsewhere_ends_the_older_one(
    make_project: Maker, tmp_path: Path
) -> None:
    project = make_project()
    other = project.clone(tmp_path / "there")
    project.ok("plan")
    other.ok("plan")
    assert "a newer plan was made at" in error_of(project.cli("apply"), 3)
    other.ok("apply")


def test_a_plan_made_stale_by_another_apply_is_refused(make_project: Maker, tmp_path: Path) -> None:
    project = make_project()
    other = project.clone(tmp_path / "there")
    project.ok("plan")
    other.ok("plan")
    other.ok("apply")
    refused = error_of(project.cli("apply"), 3)
    assert "state serial: planned 0, now 1" in refused
    assert "state lineage: planned none" in refused


def test_trap_3_2_every_difference_in_what_it_was_made_from_is_a_refusal(
    make_project: Maker,
) -> None:
    project = make_project()
    project.ok("plan")
    variables = project.terraform / "environments" / "dev.tfvars"
    variables.write_text(variables.read_text() + "# changed\n")
    refused = error_of(project.cli("apply"), 3)
    assert "variables file: planned" in refused
    assert "uncommitted changes: planned no, now yes" in refused
    project.git("checkout", "-q", "--", ".")
    project.write(BUILT_IN + quick("first", "2"))
    refused = error_of(project.cli("apply"), 3)
    assert "commit: planned" in refused
    assert "configuration files: planned" in refused


def test_trap_3_3_a_default_branch_that_moved_on_after_the_review_is_a_refusal(
    make_project: Maker, tmp_path: Path
) -> None:
    project = make_project()
    other = project.clone(tmp_path / "there")
    project.ok("plan")
    other.write(BUILT_IN + quick("first", "3"))
    assert "default branch: planned current, now behind" in error_of(project.cli("apply"), 3)
    assert "behind the remote's default branch" in project.ok("plan")
    project.ok("apply")


def test_trap_3_7_an_artifact_built_again_after_the_plan_is_a_refusal(make_project: Maker) -> None:
    project = make_project()
    artifact = project.root / "dist" / "lambda.zip"
    artifact.parent.mkdir()
    artifact.write_bytes(b"one")
    project.ok("plan", "--artifact", "dist/lambda.zip")
    artifact.write_bytes(b"two")
    assert "artifacts: planned ../dist/lambda.zip@" in error_of(project.cli("apply"), 3)
    artifact.unlink()
    assert "@missing" in error_of(project.cli("apply"), 3)


def test_an_apply_rehearsed_changes_nothing_and_keeps_the_plan(make_project: Maker) -> None:
    project = make_project()
    project.ok("plan")
    before = len(project.server.requests())
    assert "would apply: 1 to create" in project.ok("apply", "--dry-run")
    asked = project.server.requests()[before:]
    assert not [line for line in asked if writes(line)], asked
    project.ok("apply")


def test_a_plan_past_its_age_is_refused(make_project: Maker) -> None:
    project = make_project()
    project.ok("plan", "--max-age", "0s")
    assert "it expired at" in error_of(project.cli("apply"), 3)
    project.ok("plan")
    assert "older than --max-age" in error_of(project.cli("apply", "--max-age", "0s"), 3)


def test_an_edited_record_is_refused(make_project: Maker) -> None:
    project = make_project()
    project.ok("plan")
    record = project.private / "saved.json"
    record.write_text(record.read_text().replace('"dirty": false', '"dirty": true'))
    assert "changed after it was sealed" in error_of(project.cli("apply"), 3)
