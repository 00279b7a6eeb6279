"""terraform_cli.py with real Terraform, the real AWS provider and an AWS on loopback."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.aws_server import AwsServer, aws_server
from tests.support.terraform import terraform_environment
from tests.support.terraform_project import (
    BUILT_IN,
    GIT,
    WITH_AWS,
    Project,
    eventually,
    kill,
    quick,
    slow,
)

pytestmark = pytest.mark.e2e

ACCOUNTS = {"dev": "536580886816", "sit": "815856636111", "prod": "093646564004"}
REGIONS = {"dev": "eu-west-1", "sit": "eu-west-1", "prod": "af-south-1"}
TABLE = """
resource "aws_dynamodb_table" "items" {
  name         = "items-${var.environment}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "PK"
  attribute {
    name = "PK"
    type = "S"
  }
  point_in_time_recovery { enabled = true }
  server_side_encryption { enabled = true }
}
"""
TOPIC = """
resource "aws_sns_topic" "events" {
  name              = "events-${var.environment}"
  display_name      = "Events"
  kms_master_key_id = "alias/aws/sns"
}
output "topic" { value = aws_sns_topic.events.arn }
"""

Maker = Callable[..., Project]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], AwsServer]]:
    """A server for each environment's account, started when a test first needs it."""
    terraform_environment()
    running: dict[str, AwsServer] = {}
    contexts = []

    def server(env: str) -> AwsServer:
        if env not in running:
            context = aws_server(ACCOUNTS[env], tmp_path_factory.mktemp(f"aws-{env}"))
            contexts.append(context)
            running[env] = context.__enter__()
        return running[env]

    yield server
    for context in contexts:
        context.__exit__(None, None, None)


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def make_project(tmp_path: Path, servers: Callable[[str], AwsServer], shared_cache: Path) -> Maker:
    """Makes repositories with a remote; `bootstrap` and `init` are done unless told not to."""

    def make(
        configuration: str = BUILT_IN + quick("first"),
        *,
        env: str = "dev",
        server: AwsServer | None = None,
        ready: bool = True,
    ) -> Project:
        name = f"2_bbws_{tmp_path.name.replace('-', '_')[-40:]}_lambda"
        server = server or servers(env)
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "XDG_CACHE_HOME": str(shared_cache),
            "NO_COLOR": "1",
            **server.environment(),
            **terraform_environment(),
            **GIT,
        }
        root = tmp_path / "here" / name
        project = Project(root, server, env, variables)
        (root / "terraform" / "environments").mkdir(parents=True)
        for each, account in ACCOUNTS.items():
            (root / "terraform" / "environments" / f"{each}.tfvars").write_text(
                f'environment = "{each}"\n'
                + (
                    f'account_id = "{account}"\nregion = "{REGIONS[each]}"\n'
                    if "account_id" in configuration
                    else ""
                )
            )
        (root / ".gitignore").write_text(".terraform/\n")
        origin = tmp_path / "origin" / f"{name}.git"
        subprocess.run(
            ["git", "init", "-q", "--bare", "-b", "main", str(origin)],
            check=True,
            env={**os.environ, **GIT},
        )
        project.git("init", "-q", "-b", "main")
        project.git("remote", "add", "origin", str(origin))
        project.write(configuration)
        if ready:
            project.ok("bootstrap")
            project.ok("init")
            # The provider lock file that init wrote is part of the service.
            project.write(configuration)
        return project

    return make


def error_of(answer: subprocess.CompletedProcess[str], code: int) -> str:
    assert answer.returncode == code, f"{answer.stdout}\n{answer.stderr}"
    return answer.stderr


# --- the whole way -------------------------------------------------------------------------------


def test_from_an_empty_account_to_drift_and_back_to_nothing(make_project: Maker) -> None:
    project = make_project(WITH_AWS + TABLE + TOPIC, ready=False)

    before = len(project.server.requests())
    assert "would do" in project.ok("bootstrap", "--dry-run")
    asked = project.server.requests()[before:]
    assert not [line for line in asked if _writes(line)], asked
    project.ok("bootstrap")
    assert "nothing to do" in project.ok("bootstrap")

    project.ok("init")
    planned = json.loads(project.ok("plan", "-o", "json"))
    assert planned["counts"]["create"] == 2
    assert planned["findings"] == []
    assert "2 to create" in project.ok("apply")
    assert "no drift" in project.ok("drift")
    assert project.ok("output", "--name", "topic").strip().endswith("events-dev")

    arn = json.loads(project.ok("output", "-o", "json"))["topic"]
    project.client("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="DisplayName", AttributeValue="by hand"
    )
    drift = project.cli("drift")
    assert drift.returncode == 1
    assert "display_name: Events → by hand" in drift.stdout

    assert project.cli("plan", "--detailed-exitcode").returncode == 2
    project.ok("apply")
    assert "no drift" in project.ok("drift")
    assert project.cli("plan", "--detailed-exitcode").returncode == 0

    destroyed = project.cli("destroy", "--yes")
    assert destroyed.returncode == 0, destroyed.stderr
    assert "!!! DESTROY aws_dynamodb_table.items" in destroyed.stderr
    assert "no resources" in project.ok("state", "--action", "list")
    assert "items-dev" not in project.client("dynamodb").list_tables()["TableNames"]


def _writes(line: str) -> bool:
    verb = line.split()[1]
    return verb in {"PUT", "POST", "DELETE"} or verb.startswith(
        ("Create", "Put", "Update", "Delete", "Add")
    )


# --- plans that must not be applied --------------------------------------------------------------


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
    assert not [line for line in asked if _writes(line)], asked
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


# --- accounts ------------------------------------------------------------------------------------


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


# --- what must not leak --------------------------------------------------------------------------


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


# --- locks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", ["both", "file", "table"])
def test_trap_3_10_either_lock_or_both(make_project: Maker, lock: str) -> None:
    project = make_project(ready=False)
    project.ok("bootstrap")
    project.ok("init", "--lock", lock)
    planned = project.cli("plan", "-o", "json")
    assert json.loads(planned.stdout)["counts"]["create"] == 1
    assert "deprecated" not in planned.stderr.lower()
    project.ok("apply", "-o", "json")
    assert json.loads(project.ok("output", "-o", "json")) == {}


def test_two_applies_at_once_one_wins_and_one_is_told_who_holds_the_lock(
    make_project: Maker, tmp_path: Path
) -> None:
    project = make_project(BUILT_IN + slow("long", 8))
    other = project.clone(tmp_path / "there")
    project.ok("plan")
    with project.running("apply") as first:
        eventually(project.lock, "the first apply holds the lock")
        assert "still at work" in error_of(project.cli("apply"), 3)
        told = error_of(other.cli("plan"), 3)
        assert "the state is locked by" in told
        assert "unlock --env dev" in told
        stdout, stderr = first.communicate(timeout=120)
    assert first.returncode == 0, stderr
    assert "applied: 1 to create" in stdout
    other.ok("plan")


def test_trap_3_9_unlock_needs_the_id_an_age_and_a_dead_holder(make_project: Maker) -> None:
    project = make_project(BUILT_IN + slow("long", 30))
    project.ok("plan")
    with project.running("apply") as tool:
        terraform = eventually(lambda: _terraform_of(project), "terraform runs")
        eventually(project.lock, "it holds the lock")
        (lock_id,) = json.loads(project.ok("unlock", "-o", "json"))["ids"]
        alive = error_of(project.cli("unlock", "--lock-id", lock_id, "--min-age", "0s"), 3)
        assert "still at work" in alive
        kill(terraform)
        tool.communicate(timeout=60)
    told = error_of(project.cli("plan"), 3)
    assert lock_id in told
    assert "unlock --env dev" in told
    error_of(project.cli("unlock", "--lock-id", "00000000-0000-0000-0000-000000000000"), 2)
    assert "younger than 10 min" in error_of(project.cli("unlock", "--lock-id", lock_id), 3)
    breaking = ("unlock", "--lock-id", lock_id, "--min-age", "0s")
    assert "would break" in project.ok(*breaking, "--dry-run")
    assert "lock file and lock table" in project.ok(*breaking)
    project.ok("plan")


def _journal(project: Project) -> dict[str, object]:
    try:
        found: dict[str, object] = json.loads((project.private / "apply.json").read_text())
    except (OSError, ValueError):
        return {}
    return found


def _terraform_of(project: Project) -> int | None:
    pid = _journal(project).get("terraform")
    return pid if isinstance(pid, int) else None


# --- interrupts ----------------------------------------------------------------------------------


def test_trap_3_9_ctrl_c_lets_terraform_save_its_state_and_release_its_lock(
    make_project: Maker,
) -> None:
    configuration = (
        BUILT_IN + quick("first") + slow("long", 3, after="first") + slow("never", 1, after="long")
    )
    project = make_project(configuration)
    project.ok("plan")
    with project.running("apply") as tool:
        eventually(lambda: _log_has(project, "terraform_data.long: Creating"), "it is at work")
        tool.send_signal(signal.SIGINT)
        eventually(lambda: _log_has(project, "nterrupt"), "terraform was told")
        tool.send_signal(signal.SIGINT)
        _stdout, stderr = tool.communicate(timeout=60)
    assert tool.returncode == 130, stderr
    assert "interrupt passed to Terraform" in stderr
    assert "Another Ctrl-C kills it at once" in stderr
    assert not project.lock()
    assert "terraform_data.first" in project.ok("state", "--action", "list")
    assert not (project.private / "saved.tfplan").exists()
    project.ok("plan")


def _log_has(project: Project, text: str) -> bool:
    log = project.private / "apply.log"
    return log.exists() and text in log.read_text()


# --- kill -9 at five points ----------------------------------------------------------------------


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
        group = eventually(lambda: _terraform_of(project), "its process is noted")
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
        eventually(lambda: _log_has(project, "long: Creating"), "it is at work")
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
        eventually(lambda: _log_has(project, "long: Creating"), "it is at work")
        kill(eventually(lambda: _terraform_of(project), "its process is noted"))
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
        eventually(lambda: _log_has(project, "long: Creating"), "the first is done")
        terraform = eventually(lambda: _terraform_of(project), "its process is noted")
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
        group = eventually(lambda: _terraform_of(project), "its process is noted")
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


# --- failures, and the environments above dev ----------------------------------------------------


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
    project.ok("plan")
    assert "not committed" in error_of(project.cli("apply"), 3)


# --- state and workspaces ------------------------------------------------------------------------


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
    project.ok("workspace", "--action", "new", "--name", "trial")
    project.ok("plan")
    project.ok("apply")
    assert "terraform_data.first" in project.ok("state")
    assert "* trial" in project.ok("workspace")
    project.ok("workspace", "--action", "select", "--name", "default")
    assert "no resources" in project.ok("state")
    assert project.cli("workspace", "--action", "delete", "--name", "default").returncode == 3
