"""Interrupts, and `kill -9` at five points of an apply."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.terraform_project import (
    BUILT_IN,
    Maker,
    Project,
    error_of,
    eventually,
    kill,
    log_has,
    quick,
    slow,
    terraform_of,
)

pytestmark = pytest.mark.e2e


def _lingering(folder: Path) -> dict[str, str]:
    """A terraform on PATH that passes an interrupt on and stays for a while after its end.

    The real one is gone within milliseconds when it has little to save: too soon for a second
    Ctrl-C to meet it.
    """
    folder.mkdir()
    script = folder / "terraform"
    script.write_text(
        f"#!{sys.executable}\n"
        "import signal, subprocess, sys, time\n"
        f"real = subprocess.Popen([{shutil.which('terraform')!r}, *sys.argv[1:]])\n"
        "signal.signal(signal.SIGINT, lambda *_: real.send_signal(signal.SIGINT))\n"
        "code = real.wait()\n"
        "if sys.argv[1] == 'apply':\n"
        "    time.sleep(3)\n"
        "sys.exit(code)\n"
    )
    script.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_trap_3_9_ctrl_c_lets_terraform_save_its_state_and_release_its_lock(
    make_project: Maker, tmp_path: Path
) -> None:
    configuration = (
        BUILT_IN + quick("first") + slow("long", 3, after="first") + slow("never", 1, after="long")
    )
    project = make_project(configuration)
    project.ok("plan")
    with project.running("apply", **_lingering(tmp_path / "bin")) as tool:
        eventually(lambda: log_has(project, "terraform_data.long: Creating"), "it is at work")
        tool.send_signal(signal.SIGINT)
        eventually(lambda: log_has(project, "nterrupt"), "terraform was told")
        tool.send_signal(signal.SIGINT)
        _stdout, stderr = tool.communicate(timeout=60)
    assert tool.returncode == 130, stderr
    assert "interrupt passed to Terraform" in stderr
    assert "Another Ctrl-C kills it at once" in stderr
    assert not project.lock()
    assert "terraform_data.first" in project.ok("state", "--action", "list")
    assert not (project.private / "saved.tfplan").exists()
    project.ok("plan")


def _wrapper(folder: Path, *, before: float = 0, after: float = 0) -> dict[str, str]:
    """A terraform on PATH that waits before or after an apply."""
    folder.mkdir()
    real = subprocess.run(
        ["sh", "-c", "command -v terraform"], check=True, capture_output=True, text=True
    ).stdout.strip()
    script = folder / "terraform"
    script.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = apply ]; then touch {folder}/before; sleep {before}; fi\n'
        f'{real} "$@"\n'
        "code=$?\n"
        f'if [ "$1" = apply ]; then touch {folder}/after; sleep {after}; fi\n'
        "exit $code\n"
    )
    script.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def _unlock(project: Project) -> None:
    held = json.loads(project.ok("unlock", "-o", "json"))
    assert held["locked"], held
    project.ok("unlock", "--lock-id", held["ids"][0], "--min-age", "0s")


def test_kill_1_of_the_tool_and_terraform_before_anything_was_locked(
    make_project: Maker, tmp_path: Path
) -> None:
    project = make_project()
    project.ok("plan")
    with project.running("apply", **_wrapper(tmp_path / "bin", before=60)) as tool:
        eventually((tmp_path / "bin" / "before").exists, "terraform was started")
        group = eventually(lambda: terraform_of(project), "its process is noted")
        kill(tool.pid)
        os.killpg(group, signal.SIGKILL)
    assert "not locked" in project.ok("unlock")
    project.ok("state", "--action", "list")
    assert "applied before, or is being applied" in error_of(project.cli("apply"), 3)
    project.ok("plan")
    project.ok("apply")


def test_kill_2_of_the_tool_alone_leaves_terraform_to_finish(make_project: Maker) -> None:
    project = make_project(BUILT_IN + slow("long", 6))
    project.ok("plan")
    with project.running("apply") as tool:
        eventually(lambda: log_has(project, "long: Creating"), "it is at work")
        kill(tool.pid)
        tool.wait(timeout=30)
        told = error_of(project.cli("plan"), 3)
    assert "never ended properly" in told
    assert "is still at work" in told
    eventually(lambda: not project.lock(), "terraform finished and released its lock")
    assert "terraform_data.long" in project.ok("state", "--action", "list")
    planned = project.cli("plan", "--detailed-exitcode")
    assert planned.returncode == 0
    assert "never ended properly" in planned.stderr


def test_kill_3_of_terraform_while_it_holds_the_lock(make_project: Maker) -> None:
    project = make_project(BUILT_IN + slow("long", 30))
    project.ok("plan")
    with project.running("apply") as tool:
        eventually(lambda: log_has(project, "long: Creating"), "it is at work")
        kill(eventually(lambda: terraform_of(project), "its process is noted"))
        _stdout, stderr = tool.communicate(timeout=60)
    assert tool.returncode == 1, stderr
    project.ok("state", "--action", "list")
    assert "the state is locked by" in error_of(project.cli("plan"), 3)
    _unlock(project)
    project.ok("plan")


def test_kill_4_of_both_names_what_was_created_and_is_in_no_state(make_project: Maker) -> None:
    project = make_project(BUILT_IN + quick("first") + slow("long", 30, after="first"))
    project.ok("plan")
    with project.running("apply") as tool:
        eventually(lambda: log_has(project, "long: Creating"), "the first is done")
        terraform = eventually(lambda: terraform_of(project), "its process is noted")
        kill(tool.pid)
        kill(terraform)
    locked = error_of(project.cli("plan"), 3)
    assert "terraform_data.first was created but is not in the state" in locked
    assert "--action import --address 'terraform_data.first' --id '" in locked
    _unlock(project)
    project.ok("state", "--action", "list")
    project.ok("plan")


def test_kill_5_of_the_tool_after_terraform_has_ended(make_project: Maker, tmp_path: Path) -> None:
    project = make_project()
    project.ok("plan")
    with project.running("apply", **_wrapper(tmp_path / "bin", after=60)) as tool:
        eventually((tmp_path / "bin" / "after").exists, "terraform has ended")
        group = eventually(lambda: terraform_of(project), "its process is noted")
        kill(tool.pid)
        os.killpg(group, signal.SIGKILL)
    assert "not locked" in project.ok("unlock")
    assert "terraform_data.first" in project.ok("state", "--action", "list")
    planned = project.cli("plan", "--detailed-exitcode")
    assert planned.returncode == 0, planned.stderr
    assert "never ended properly; 1 changes are in its log" in planned.stderr


def test_a_checksum_left_behind_by_a_killed_run_is_explained_and_repaired(
    make_project: Maker,
) -> None:
    project = make_project()
    project.ok("plan")
    project.ok("apply")
    key = f"bbws-terraform-state-dev/{project.root.name}/terraform.tfstate-md5"
    project.client("dynamodb").put_item(
        TableName="bbws-terraform-locks-dev", Item={"LockID": {"S": key}, "Digest": {"S": "0" * 32}}
    )
    told = error_of(project.cli("plan"), 4)
    assert "--repair-checksum" in told
    assert "repaired" in project.ok("unlock", "--repair-checksum")
    project.ok("plan")
