"""A world to apply generated Terraform in: a provider from this machine and AWS played by moto.

`find_providers` searches the usual places for an unpacked AWS provider and asks no registry.
`fake_aws` starts moto's server in a process of its own on a free loopback port.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

_BINARY = re.compile(r"terraform-provider-aws_v(\d+)\.(\d+)\.\d+")
_PATIENCE_S = 60


def find_providers() -> Path | None:
    """A folder for Terraform's `-plugin-dir` that holds an AWS provider >= 5.100, < 7."""
    for folder in _places():
        try:
            found = sorted(folder.glob("registry.terraform.io/hashicorp/aws/*/*/*"))
        except OSError:
            continue
        if any(_is_wanted(path.name) for path in found):
            return folder
    return None


def _is_wanted(name: str) -> bool:
    version = _BINARY.match(name)
    return bool(version) and (5, 100) <= (int(version[1]), int(version[2])) < (7, 0)


def _places() -> Iterator[Path]:
    stated = re.search(r"-plugin-dir=(\S+)", os.environ.get("TF_CLI_ARGS_init", ""))  # noqa: SIM112
    if stated:
        yield Path(stated[1])
    if cache := os.environ.get("TF_PLUGIN_CACHE_DIR"):
        yield Path(cache)
    if config := os.environ.get("TF_CLI_CONFIG_FILE"):
        yield from _configured(Path(config))
    settings = Path.home() / ".terraform.d"
    yield settings / "plugins"
    yield settings / "plugin-cache"
    yield from _configured(Path.home() / ".terraformrc")
    for root in ("/opt", "/usr/local/share", "/usr/share", "/usr/local/lib", "/var/lib", "/srv"):
        base = Path(root)
        yield base
        if base.is_dir():
            children = [child for child in sorted(base.iterdir()) if child.is_dir()]
            yield from children
            yield from (child / name for child in children for name in ("plugins", "providers"))


def _configured(file: Path) -> Iterator[Path]:
    """Folders that a Terraform CLI configuration names."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return
    for found in re.findall(r'(?:path|plugin_cache_dir)\s*=\s*"([^"]+)"', text):
        yield Path(found)


@dataclass(frozen=True)
class FakeAws:
    """A running server and the account it plays."""

    endpoint: str
    account: str
    region: str

    def client(self, service: str) -> Any:
        """A boto3 client of the fake."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def variables(self) -> dict[str, str]:
        """What the provider needs to find the fake."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def fake_aws(account: str, region: str, log: Path) -> Iterator[FakeAws]:
    """Moto's server, as one account, for as long as the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {**os.environ, "MOTO_ACCOUNT_ID": account, "AWS_DEFAULT_REGION": region}
    with log.open("wb") as sink:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            env=variables,
            stdout=sink,
            stderr=sink,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/moto-api/", server)
            yield FakeAws(f"http://127.0.0.1:{port}", account, region)
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"moto's server ended with {server.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                answer.read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"moto's server did not answer within {_PATIENCE_S} s")


@dataclass(frozen=True)
class Terraform:
    """Terraform in one folder, with providers from this machine."""

    folder: Path
    providers: Path
    variables: dict[str, str]

    def run(self, *words: str, codes: tuple[int, ...] = (0,), both: bool = False) -> str:
        """What a command says, with errors if `both`; fails unless its code is one of `codes`."""
        kept = {"PATH", "HOME", "TMPDIR", "LANG"}
        environment = {
            **{name: value for name, value in os.environ.items() if name in kept},
            **self.variables,
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_ARGS_init": f"-plugin-dir={self.providers}",
            "NO_COLOR": "1",
        }
        done = subprocess.run(
            ["terraform", f"-chdir={self.folder}", *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
        )
        said = done.stdout + done.stderr
        assert done.returncode in codes, f"terraform {words[0]}: {done.returncode}\n{said[-6000:]}"
        return said if both else done.stdout

    def keep_state_here(self) -> None:
        """State on disk instead of S3: the one difference from production, and only for speed."""
        (self.folder / "backend_override.tf").write_text(
            'terraform {\n  backend "local" {}\n}\n', encoding="utf-8"
        )

    def outputs(self) -> dict[str, Any]:
        """Values of the outputs."""
        return {
            name: item["value"] for name, item in json.loads(self.run("output", "-json")).items()
        }
