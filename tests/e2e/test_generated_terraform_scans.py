"""Public scanners look at generated infrastructure, where they are installed.

They are no requirement of this project: checkov pins other versions of its libraries, and trivy is
no Python package. Where one is missing the test says so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from codegen.views.service_view import view_service
from lld.model import Design
from lld.parse import parse_file
from tests.codegen.terraform.applying import written
from tests.codegen.terraform.designs import DOCUMENTS, every_resource

EVERY_RESOURCE = pytest.param(None, id="every-resource")
every_design = pytest.mark.parametrize("document", [*DOCUMENTS, EVERY_RESOURCE])

pytestmark = pytest.mark.e2e


def design_of(document: Path | None) -> Design:
    """The design of a document, or the one with every kind of resource."""
    return parse_file(document) if document else every_resource()


@every_design
def test_trivy_finds_nothing_high(document, tmp_path):
    options = ["--quiet", "--skip-check-update", "--format=json", "--severity=HIGH,CRITICAL"]
    folder = written(view_service(design_of(document)), tmp_path)
    report = answer("trivy", "config", *options, f"--cache-dir={tmp_path}", str(folder))
    results = report.get("Results", [])
    found = [one["ID"] for result in results for one in result.get("Misconfigurations", [])]
    passed = [one.get("MisconfSummary", {}).get("Successes", 0) for one in results]
    assert sum(passed) > 0, "nothing was checked"
    assert found == []


@every_design
def test_checkov_finds_nothing(document, tmp_path):
    options = ["--framework=terraform", "--output=json", "--compact", "--skip-download"]
    folder = written(view_service(design_of(document)), tmp_path)
    report = answer("checkov", *options, "--soft-fail", "--directory", str(folder))
    assert report["summary"]["passed"] > 0
    assert report["summary"]["parsing_errors"] == 0
    found = [(one["check_id"], one["resource"]) for one in report["results"]["failed_checks"]]
    assert found == []


def answer(tool: str, *words: str) -> dict[str, Any]:
    """The JSON that a scanner prints; skips where it is not installed."""
    program = shutil.which(tool)
    if program is None:
        pytest.skip(f"{tool} is not on PATH")
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))
