"""A world to apply generated Terraform in: providers of this machine, and AWS played by moto."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.support.aws_server import AwsServer, aws_server

_KEPT = frozenset({"PATH", "TMPDIR", "LANG"})
_FASTER = {"GOGC": "400"}
"""Terraform and its provider live for seconds: collecting garbage is a fifth of their work."""


@dataclass(frozen=True)
class FakeAws:
    """A running server and the region of the account it plays."""

    server: AwsServer
    region: str

    def client(self, service: str) -> Any:
        """A boto3 client of the fake; sessions are not for sharing between threads."""
        return boto3.session.Session().client(
            service,
            endpoint_url=self.server.url,
            region_name=self.region,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )


@contextmanager
def fake_aws(account: str, region: str, folder: Path) -> Iterator[FakeAws]:
    """One account for as long as the block lasts; `folder` keeps the log of requests."""
    with aws_server(account, folder) as server:
        yield FakeAws(server, region)


@dataclass(frozen=True)
class Terraform:
    """Terraform in one folder."""

    folder: Path
    variables: dict[str, str]

    def run(self, *words: str, codes: tuple[int, ...] = (0,), both: bool = False) -> str:
        """What a command says, with errors if `both`; fails unless its code is one of `codes`."""
        inherited = {name: value for name, value in os.environ.items() if name in _KEPT}
        done = subprocess.run(
            ["terraform", f"-chdir={self.folder}", *words],
            env={**inherited, **_FASTER, **self.variables, **self._own()},
            capture_output=True,
            text=True,
            timeout=900,
        )
        said = done.stdout + done.stderr
        assert done.returncode in codes, f"terraform {words[0]}: {done.returncode}\n{said[-6000:]}"
        return said if both else done.stdout

    def _own(self) -> dict[str, str]:
        return {"HOME": str(self.folder), "TF_IN_AUTOMATION": "1"}

    def keep_state_here(self) -> None:
        """State on disk instead of S3: the one difference from production, and only for speed."""
        (self.folder / "backend_override.tf").write_text(
            'terraform {\n  backend "local" {}\n}\n', encoding="utf-8"
        )

    def outputs(self) -> dict[str, Any]:
        """Values of the outputs."""
        shown = json.loads(self.run("output", "-json"))
        return {name: item["value"] for name, item in shown.items()}
