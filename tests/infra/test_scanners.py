"""Scanners are read where they are, and never called clean where they are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.policy import Severity
from infra.scanners import scan


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def install(name: str, stdout: str, code: int = 0) -> None:
        (folder / "answer").write_text(stdout)
        script = folder / name
        script.write_text(f"#!/bin/sh\ncat {folder}/answer\nexit {code}\n")
        script.chmod(0o755)

    return install


def by_name(folder: Path) -> dict[str, Any]:
    return {entry.name: entry for entry in scan(folder)}


def test_missing_scanners_are_named(install: Any, tmp_path: Path) -> None:
    assert {name: entry.problem for name, entry in by_name(tmp_path).items()} == {
        "trivy": "not installed",
        "checkov": "not installed",
    }


def test_trivy_is_read(install: Any, tmp_path: Path) -> None:
    misconfiguration = {
        "ID": "AVD-AWS-0086",
        "Severity": "CRITICAL",
        "Title": "no public access block",
        "CauseMetadata": {"Resource": "aws_s3_bucket.this"},
    }
    install("trivy", json.dumps({"Results": [{"Misconfigurations": [misconfiguration]}]}))
    (finding,) = by_name(tmp_path)["trivy"].findings
    assert (finding.rule, finding.severity, finding.address, finding.source) == (
        "AVD-AWS-0086",
        Severity.HIGH,
        "aws_s3_bucket.this",
        "trivy",
    )


def test_checkov_is_read_although_it_exits_1(install: Any, tmp_path: Path) -> None:
    check = {"check_id": "CKV_AWS_18", "check_name": "logging", "resource": "aws_s3_bucket.this"}
    install("checkov", json.dumps({"results": {"failed_checks": [check]}}), code=1)
    (finding,) = by_name(tmp_path)["checkov"].findings
    assert (finding.rule, finding.message) == ("CKV_AWS_18", "logging")


@pytest.mark.parametrize(
    "answer", ["", "panic: oh", "3", '{"Results": [{"Misconfigurations": [{}]}]}']
)
def test_a_scanner_that_breaks_is_not_clean(install: Any, tmp_path: Path, answer: str) -> None:
    install("trivy", answer, code=2)
    entry = by_name(tmp_path)["trivy"]
    assert str(entry.problem).startswith("could not run")
