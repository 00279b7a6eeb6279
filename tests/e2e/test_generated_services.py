"""Every design becomes a repository whose own tests, types, lint and security scan pass."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from codegen.scaffold import scaffold
from lld.parse import parse_file
from tests.codegen.terraform.designs import DOCUMENTS

GATES = {
    "ruff check": ["ruff", "check", "--no-cache", "."],
    "ruff format": ["ruff", "format", "--no-cache", "--check", "."],
    "mypy": ["mypy", "--strict", "--cache-dir", os.devnull, "src"],
    "bandit": ["bandit", "--quiet", "--recursive", "src"],
    "pytest": ["pytest", "--quiet", "--cov", "--cov-report=term", "-p", "no:cacheprovider"],
}

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", params=DOCUMENTS)
def repository(request, tmp_path_factory):
    root = tmp_path_factory.mktemp("generated") / "repository"
    scaffold(parse_file(request.param), root)
    return root


@pytest.mark.parametrize("gate", GATES)
def test_a_generated_repository_passes(repository, gate):
    done = run(GATES[gate], repository)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    if gate == "pytest":
        assert covered(done.stdout) >= 85


def test_detect_secrets_finds_nothing(repository):
    # The tools are the same in every repository: test_carried_tools scans them, once.
    words = ["detect_secrets", "scan", "--all-files", "--exclude-files", "^utils/devops/", "."]
    done = run(words, repository)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"] == {}


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COV_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def covered(output: str) -> float:
    found = re.search(r"Total coverage: ([\d.]+)%", output)
    assert found, output[-2000:]
    return float(found[1])
