"""`deploy_cli.py` with a generated service, real Terraform and the sandbox's AWS: there and back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codegen.scaffold import scaffold
from deploy.packaging.building import PROVIDER_LOCK
from lld.parse import parse_file
from tests.conftest import ROOT
from tests.e2e.deployed import DESIGN, git, sandbox
from tests.support.terraform import terraform_environment

pytestmark = pytest.mark.e2e

SCRIPT = ROOT / "utils" / "devops" / "deploy_cli.py"
SOURCE = "src/utils/observability.py"


class Service:
    """The repository of a generated service, and the environment that leads into a sandbox."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root
        self._environment = environment

    def release(self, version: str, what: str = ".") -> None:
        git(self.root, "add", "--all", "--", what)
        git(self.root, "commit", "--quiet", "-m", f"feat: {version}")
        git(self.root, "tag", version)

    def call(self, *words: str) -> Any:
        answer = subprocess.run(
            [sys.executable, str(SCRIPT), *words, "-o", "json"],
            cwd=self.root,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr[-3000:]
        return json.loads(answer.stdout)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    for name, value in terraform_environment().items():
        monkeypatch.setenv(name, value)
    root, home = tmp_path / "2_bbws_bookmark_lambda", tmp_path / "home"
    home.mkdir()
    scaffold(parse_file(DESIGN), root)
    git(root, "init", "--quiet", "--initial-branch=main")
    sandbox(home, "start")
    try:
        exports = sandbox(home, "env")
        kept = {k: v for k, v in os.environ.items() if k not in exports["unset"]}
        yield Service(root, {**kept, **exports["set"], "HOME": str(home)})
    finally:
        sandbox(home, "stop")


def test_a_generated_service_goes_to_dev_moves_on_and_comes_back_whole(service: Service):
    service.release("v1.0.0")
    first = service.call("dev")
    assert (first["version"], first["state"]) == ("v1.0.0", "succeeded")
    assert (service.root / PROVIDER_LOCK).is_file()

    with (service.root / SOURCE).open("a", encoding="utf-8") as file:
        file.write("\nSECOND = True\n")
    # Nobody has committed yet what Terraform wrote: the second deployment works all the same.
    service.release("v1.1.0", SOURCE)
    second = service.call("dev")
    assert second["changed"]
    assert second["digest"] != first["digest"]

    back = service.call("rollback", "--env", "dev", "--version", "v1.0.0", "--component", "full")
    assert back == {"rolled_back_to": "v1.0.0", "component": "full"}
    rows = service.call("rollback", "--env", "dev", "--list")["deployments"]
    assert [(row["kind"], row["version"], row["live"]) for row in rows] == [
        ("rollback", "v1.0.0", True),
        ("deploy", "v1.1.0", False),
        ("deploy", "v1.0.0", False),
    ]
    assert service.call("verify", "--env", "dev")["problems"] == []
    assert service.call("monitor", "--env", "dev", "--health-check")["unhealthy"] == []
