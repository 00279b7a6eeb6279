"""One provider for a plan and its reading: only the one of the lock file, and never left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.folder import Folder
from infra.plan_run import run_plan
from infra.shared_provider import (
    PROVIDER,
    VARIABLE,
    locked_provider,
    package_hash,
    shared_provider,
)
from infra.terraform import Terraform

WHERE = json.dumps({PROVIDER: {"Protocol": "grpc", "Addr": {"Network": "unix", "String": "/s"}}})
SAYS = f"cat <<'END'\n\tTF_REATTACH_PROVIDERS='{WHERE}'\nEND"
NOTED = 'echo $$ > "$PID_FILE"'
STAYS = "exec sleep 600"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "terraform", "dev")
    made.path.mkdir()
    made.prepare()
    (made.path / "main.tf").write_text('provider "aws" {}\n')
    return made


def install(folder: Folder, *script: str, hash_: str | None = None, version: str = "5.1.0") -> Path:
    """A provider as `init` leaves it, and its entry in the lock file."""
    package = folder.data / "providers" / PROVIDER / version / "linux_amd64"
    package.mkdir(parents=True)
    binary = package / f"terraform-provider-aws_v{version}_x5"
    binary.write_text("\n".join(["#!/bin/sh", *script, ""]))
    binary.chmod(0o755)
    (package / "LICENSE.txt").write_text("free\n")
    folder.provider_lock.write_text(
        f'provider "registry.terraform.io/hashicorp/null" {{\n  version = "9.9.9"\n}}\n\n'
        f'provider "{PROVIDER}" {{\n  version     = "5.1.0"\n'
        f'  hashes = [\n    "{hash_ or package_hash(package)}",\n  ]\n}}\n'
    )
    return binary


def terraform_of(folder: Folder, **environment: str) -> Terraform:
    variables = {"PATH": os.environ["PATH"], "PID_FILE": str(folder.private / "pid")}
    return Terraform(folder.path, {**variables, **environment})


def provider_runs(folder: Folder) -> Callable[[], bool]:
    pid = int((folder.private / "pid").read_text())

    def runs() -> bool:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state != "Z"

    return runs


def gone(runs: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while runs() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not runs()


def test_a_package_has_the_hash_that_terraform_gives_it(tmp_path: Path) -> None:
    (tmp_path / "LICENSE.txt").write_text("free\n")
    (tmp_path / "terraform-provider-x").write_bytes(b"\x7fELF")
    # `dirhash.HashDir` of the same two files says so.
    assert package_hash(tmp_path) == "h1:/5q/aEIoXP+ycAPmxQm4mz6fObe0+SpihJ+iuRzaaM0="


def test_the_locked_provider_runs_for_the_block_and_not_longer(folder: Folder) -> None:
    install(folder, NOTED, SAYS, STAYS)
    with shared_provider(terraform_of(folder), folder) as shared:
        assert shared is not None
        assert json.loads(shared.terraform.environment[VARIABLE]) == json.loads(WHERE)
        runs = provider_runs(folder)
        assert runs()
    assert gone(runs)


def test_another_package_than_the_locked_one_is_never_started(folder: Folder) -> None:
    install(folder, NOTED, SAYS, STAYS, hash_="h1:another=")
    with shared_provider(terraform_of(folder), folder) as shared:
        assert shared is None
    assert not (folder.private / "pid").exists()


def test_a_package_that_was_changed_since_it_was_looked_at_is_never_started(
    folder: Folder,
) -> None:
    binary = install(folder, NOTED, SAYS, STAYS)
    assert locked_provider(folder) == binary
    assert locked_provider(folder) == binary
    was = binary.stat()
    binary.write_bytes(binary.read_bytes().replace(b"600", b"700"))
    os.utime(binary, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert locked_provider(folder) is None


def test_another_version_than_the_locked_one_is_never_started(folder: Folder) -> None:
    install(folder, NOTED, SAYS, STAYS, version="5.2.0")
    assert locked_provider(folder) is None


@pytest.mark.parametrize(
    "script",
    [("exit 1",), ("echo nothing of use",), (SAYS.replace(PROVIDER, "example.com/a/b"), STAYS)],
    ids=["dies", "says nothing", "another provider"],
)
def test_a_provider_that_cannot_be_used_is_done_without(
    folder: Folder, script: tuple[str, ...]
) -> None:
    install(folder, *script)
    with shared_provider(terraform_of(folder), folder) as shared:
        assert shared is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("edge.tf", 'provider "aws" {\n  alias = "edge"\n}\n'),
        ("edge.tf", 'provider "aws" { alias = "edge" }\n'),
        ("edge.tf.json", '{"provider":{"aws":[{"region":"us-east-1","alias":"edge"}]}}'),
    ],
    ids=["a block", "a line", "JSON"],
)
def test_a_configuration_with_aliases_is_planned_as_ever(
    folder: Folder, name: str, text: str
) -> None:
    install(folder, NOTED, SAYS, STAYS)
    (folder.path / name).write_text(text)
    with shared_provider(terraform_of(folder), folder) as shared:
        assert shared is None


def test_whoever_chose_a_provider_keeps_it(folder: Folder, tmp_path: Path) -> None:
    install(folder, NOTED, SAYS, STAYS)
    config = tmp_path / "terraform.rc"
    config.write_text('provider_installation {\n dev_overrides { "hashicorp/aws" = "/x" }\n}\n')
    for own in ({VARIABLE: "{}"}, {"TF_CLI_CONFIG_FILE": str(config)}):
        with shared_provider(terraform_of(folder, **own), folder) as shared:
            assert shared is None


def test_the_provider_ends_with_a_killed_tool(folder: Folder) -> None:
    binary = install(folder, NOTED, SAYS, STAYS)
    owner = (
        "import sys, pathlib\n"
        "from infra.shared_provider import _start\n"
        "from infra.terraform import Terraform\n"
        "import os, time\n"
        "made = _start(Terraform(pathlib.Path(sys.argv[1]), dict(os.environ)), "
        "pathlib.Path(sys.argv[2]))\n"
        "print(made.stdout.readline(), flush=True)\n"
        "time.sleep(600)\n"
    )
    source = str(Path(__file__).parents[2] / "utils" / "devops")
    child = subprocess.Popen(
        [sys.executable, "-c", owner, str(folder.path), str(binary)],
        env={**terraform_of(folder).environment, "PYTHONPATH": source},
        stdout=subprocess.PIPE,
    )
    assert child.stdout
    with child.stdout:
        child.stdout.readline()
        assert eventually(lambda: (folder.private / "pid").exists())
        runs = provider_runs(folder)
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert gone(runs)


def eventually(condition: Callable[[], bool]) -> bool:
    return gone(lambda: not condition())


def shown(*aliases: str) -> dict[str, Any]:
    names = ("aws", *(f"aws.{alias}" for alias in aliases))
    return {"configuration": {"provider_config": {n: {"full_name": PROVIDER} for n in names}}}


def site_with(folder: Folder, script: str) -> Any:
    """A site whose terraform is a script; `$TF_REATTACH_PROVIDERS` tells it how it was called."""
    binary = folder.path.parent / "script"
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(0o755)
    found = terraform_of(folder)
    return SimpleNamespace(
        terraform=Terraform(found.path, found.environment, str(binary)), folder=folder
    )


def planned(folder: Folder, script: str) -> tuple[dict[str, Any], list[str]]:
    """What `run_plan` returns, and how Terraform was called: shared or plain."""
    calls = folder.path.parent / "calls"
    noting = f'[ -n "$TF_REATTACH_PROVIDERS" ] && how=shared || how=plain; echo $how $1 >> {calls}'
    site = site_with(folder, f"{noting}\n{script}")
    found = run_plan(site, [], out=folder.plan_file, doing="planning")
    return found, calls.read_text().splitlines()


def test_one_configuration_is_planned_and_read_with_one_provider(folder: Folder) -> None:
    install(folder, NOTED, SAYS, STAYS)
    found, calls = planned(folder, f"[ $1 = show ] && echo '{json.dumps(shown())}' || true")
    assert found == shown()
    assert calls == ["shared plan", "shared show"]


def test_two_configurations_found_in_the_plan_are_planned_again_apart(folder: Folder) -> None:
    install(folder, NOTED, SAYS, STAYS)
    answer = json.dumps(shown("edge"))
    _, calls = planned(folder, f"[ $1 = show ] && echo '{answer}' || true")
    assert calls == ["shared plan", "shared show", "plain plan", "plain show"]


def test_a_plan_whose_provider_died_is_made_again(folder: Folder) -> None:
    install(folder, NOTED, SAYS, STAYS)
    dies = (
        f'if [ $how = shared ]; then kill -9 $(cat "$PID_FILE"); exit 1; fi\n'
        f"[ $1 = show ] && echo '{json.dumps(shown())}' || true"
    )
    found, calls = planned(folder, dies)
    assert found == shown()
    assert calls == ["shared plan", "plain plan", "plain show"]
