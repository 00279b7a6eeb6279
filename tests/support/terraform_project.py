"""A service repository with Terraform in it, and the tool called on it as a user would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.support.aws_server import AwsServer

SCRIPT = ROOT / "utils" / "devops" / "terraform_cli.py"
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{role}_NAME": "Test" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "test@example.com" for role in ("AUTHOR", "COMMITTER")},
}

BUILT_IN = """
terraform {
  backend "s3" {}
}
variable "environment" { type = string }
"""
"""The start of a configuration that needs no provider, so that it plans in a moment."""

WITH_AWS = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
  backend "s3" {}
}
variable "environment" { type = string }
variable "account_id" { type = string }
variable "region" { type = string }
provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
  default_tags {
    tags = {
      Project     = "bbws"
      Service     = "demo"
      Environment = var.environment
      Component   = "demo"
      LLD         = "1.1.1"
      ManagedBy   = "terraform"
    }
  }
}
"""

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


def slow(name: str, seconds: float, value: str = "1", after: str | None = None) -> str:
    """A resource that takes its time to be created."""
    depends = f"  depends_on = [terraform_data.{after}]\n" if after else ""
    return f"""
resource "terraform_data" "{name}" {{
  input = "{value}"
{depends}  provisioner "local-exec" {{
    command = "sleep {seconds}"
  }}
}}
"""


def quick(name: str, value: str = "1") -> str:
    """A resource that is there at once."""
    return f'\nresource "terraform_data" "{name}" {{\n  input = "{value}"\n}}\n'


Maker = Callable[..., "Project"]
"""The fixture `make_project`: makes repositories with a remote, ready for plans."""


@dataclass(frozen=True)
class Project:
    """One checkout of a service repository."""

    root: Path
    server: AwsServer
    env: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def terraform(self) -> Path:
        return self.root / "terraform"

    @property
    def private(self) -> Path:
        return self.terraform / ".terraform" / self.env / "plans"

    def write(self, configuration: str, *, commit: bool = True) -> None:
        """Replace the configuration and, unless told not to, commit and push it."""
        (self.terraform / "main.tf").write_text(configuration, encoding="utf-8")
        if commit:
            self.git("add", "-A")
            self.git("commit", "-qm", "change", "--allow-empty")
            self.git("push", "-q", "origin", "HEAD:main")

    def git(self, *words: str) -> str:
        answer = subprocess.run(
            ["git", *words],
            cwd=self.root,
            env={**os.environ, **GIT},
            check=True,
            capture_output=True,
            text=True,
        )
        return answer.stdout

    def words(self, *words: str) -> list[str]:
        return [sys.executable, str(SCRIPT), words[0], "--env", self.env, *words[1:]]

    def cli(
        self, *words: str, stdin: str | None = None, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the tool in this repository, with its `--env`."""
        return subprocess.run(
            self.words(*words),
            cwd=self.root,
            env={**self.variables, **extra},
            input="" if stdin is None else stdin,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def ok(self, *words: str, **extra: str) -> str:
        """Run a command that has to succeed; its standard output."""
        answer = self.cli(*words, **extra)
        assert answer.returncode == 0, f"{words}: {answer.stdout}\n{answer.stderr}"
        return answer.stdout

    @contextmanager
    def running(self, *words: str, **extra: str) -> Iterator[subprocess.Popen[str]]:
        """A command at work; whatever is left of it is ended after the block."""
        child = subprocess.Popen(
            self.words(*words),
            cwd=self.root,
            env={**self.variables, **extra},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            yield child
        finally:
            kill(child.pid)
            child.communicate(timeout=60)

    def client(self, service: str) -> Any:
        """A boto3 client of the same account."""
        from common.environments import environment

        return _client(service, self.server.url, environment(self.env).region)

    def lock(self) -> bool:
        """Whether the state's lock object is there."""
        found = self.client("s3").list_objects_v2(
            Bucket=f"bbws-terraform-state-{self.env}", Prefix=f"{self.root.name}/terraform.tfstate"
        )
        return any(row["Key"].endswith(".tflock") for row in found.get("Contents", []))

    def clone(self, folder: Path) -> Project:
        """Another checkout of the same repository, initialised."""
        folder.mkdir(parents=True)
        target = folder / self.root.name
        origin = self.git("remote", "get-url", "origin").strip()
        subprocess.run(
            ["git", "clone", "-q", origin, str(target)], env={**os.environ, **GIT}, check=True
        )
        other = Project(target, self.server, self.env, self.variables)
        other.ok("init")
        return other


@cache
def _client(service: str, url: str, region: str) -> Any:
    import boto3

    session = boto3.session.Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name=region
    )
    return session.client(service, endpoint_url=url)  # type: ignore[call-overload]


def error_of(answer: subprocess.CompletedProcess[str], code: int) -> str:
    """What a command that has to end with this code says."""
    assert answer.returncode == code, f"{answer.stdout}\n{answer.stderr}"
    return answer.stderr


def writes(line: str) -> bool:
    """Whether a line of the request log is more than reading."""
    verb = line.split()[1]
    return verb in {"PUT", "POST", "DELETE"} or verb.startswith(
        ("Create", "Put", "Update", "Delete", "Add")
    )


def journal(project: Project) -> dict[str, object]:
    """The note of the apply that runs."""
    try:
        found: dict[str, object] = json.loads((project.private / "apply.json").read_text())
    except (OSError, ValueError):
        return {}
    return found


def terraform_of(project: Project) -> int | None:
    """The process that applies."""
    pid = journal(project).get("terraform")
    return pid if isinstance(pid, int) else None


def log_has(project: Project, text: str) -> bool:
    """Whether the apply said so by now."""
    log = project.private / "apply.log"
    return log.exists() and text in log.read_text()


def kill(pid: int) -> None:
    """`kill -9`, also of what is dead already."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def eventually(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """What the condition returns, as soon as it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"never happened: {what}")
