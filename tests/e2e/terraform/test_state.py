"""Single resources of a state, and workspaces."""

from __future__ import annotations

import pytest

from tests.support.terraform_project import BUILT_IN, Maker, error_of, quick, writes

pytestmark = pytest.mark.e2e


def test_state_moves_removes_and_imports_with_a_copy_kept(make_project: Maker) -> None:
    project = make_project()
    project.ok("plan")
    project.ok("apply")
    one = ("--address", "terraform_data.first")
    assert 'input  = "1"' in project.ok("state", "--action", "show", *one)
    project.write(BUILT_IN + quick("second"))
    move = ("state", "--action", "mv", *one, "--to", "terraform_data.second")
    assert "would move" in project.ok(*move, "--dry-run")
    assert "not confirmed" in error_of(project.cli(*move), 3)
    assert "the state as it was" in project.ok(*move, "--yes")
    assert project.cli("plan", "--detailed-exitcode").returncode == 0
    project.ok("state", "--action", "rm", "--address", "terraform_data.second", "--yes")
    imported = (
        "--address",
        "terraform_data.second",
        "--id",
        "11111111-2222-3333-4444-555555555555",
    )
    project.ok("state", "--action", "import", *imported, "--yes")
    assert project.ok("state").strip() == "terraform_data.second"


def test_workspaces_have_states_of_their_own(make_project: Maker) -> None:
    project = make_project()
    before = len(project.server.requests())
    new = ("workspace", "--action", "new", "--name", "trial")
    assert "would create and select" in project.ok(*new, "--dry-run")
    assert "review only" in project.ok("plan", "--dry-run")
    written = [line for line in project.server.requests()[before:] if writes(line)]
    assert not [line for line in written if "tflock" not in line and "dynamodb" not in line]
    assert project.cli("apply").returncode == 3
    project.ok(*new)
    project.ok("plan")
    project.ok("apply")
    assert "terraform_data.first" in project.ok("state")
    assert "* trial" in project.ok("workspace")
    project.ok("workspace", "--action", "select", "--name", "default")
    assert "no resources" in project.ok("state")
    assert project.cli("workspace", "--action", "delete", "--name", "default").returncode == 3
