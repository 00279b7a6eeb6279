"""Failures, and what the environments above dev refuse."""

from __future__ import annotations

import pytest

from tests.support.terraform_project import BUILT_IN, TABLE, WITH_AWS, Maker, error_of, quick, slow

pytestmark = pytest.mark.e2e


def test_trap_3_12_a_failed_apply_exits_1_says_why_and_spends_the_plan(make_project: Maker) -> None:
    failing = slow("bad", 0).replace("sleep 0", "echo out of luck; exit 7")
    project = make_project(BUILT_IN + quick("first") + failing)
    project.ok("plan")
    failed = error_of(project.cli("apply"), 1)
    assert "exit status 7" in failed
    assert "terraform_data.first" in failed
    assert "no saved plan" in error_of(project.cli("apply"), 3)


def test_trap_3_6_prod_keeps_what_is_stateful_unless_it_is_named(make_project: Maker) -> None:
    project = make_project(WITH_AWS + TABLE, env="prod")
    project.ok("plan")
    assert "no approval reference" in error_of(project.cli("apply"), 3)
    project.ok("apply", "--approval", "CHG-1001")
    # `prevent_destroy` would have gone with the block.
    project.write(WITH_AWS)
    assert "!!! DESTROY aws_dynamodb_table.items" in project.ok("plan")
    refused = error_of(project.cli("apply", "--approval", "CHG-1002"), 3)
    assert "--allow-destroy aws_dynamodb_table.items" in refused
    before = len(project.server.requests())
    assert "always" in error_of(project.cli("destroy", "--yes"), 3)
    assert project.server.requests()[before:] == []
    allowed = ("--allow-destroy", "aws_dynamodb_table.items")
    project.ok("apply", "--approval", "CHG-1002", *allowed)


def test_sit_is_destroyed_only_after_its_name_was_typed(make_project: Maker) -> None:
    project = make_project(env="sit")
    project.ok("plan")
    project.ok("apply")
    phrase = f"destroy sit/{project.root.name}"
    assert "not confirmed" in error_of(project.cli("destroy", "--yes"), 3)
    assert "not confirmed" in error_of(project.cli("destroy", "--yes", stdin="yes\n"), 3)
    assert project.ok("state").strip() == "terraform_data.first"
    destroyed = project.cli("destroy", stdin=f"{phrase}\n")
    assert destroyed.returncode == 0, destroyed.stderr


def test_sit_takes_no_plan_of_uncommitted_files(make_project: Maker) -> None:
    project = make_project(env="sit")
    project.write(BUILT_IN + quick("first", "4"), commit=False)
    told = "not committed: terraform/main.tf; sit takes no plan made from such files"
    assert told in project.ok("plan")
    assert "not committed" in error_of(project.cli("apply"), 3)
