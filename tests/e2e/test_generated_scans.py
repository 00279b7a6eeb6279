"""Public scanners look at what is generated from every design: code, image and infrastructure."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.scaffold import scaffold
from codegen.views.service_view import view_service
from lld.parse import parse_file
from tests.codegen.terraform.applying import written
from tests.codegen.terraform.designs import EXAMPLES, SHARED, every_resource
from tests.support.scanners import PACKAGES, scanner

DOCUMENTS = [*EXAMPLES, *SHARED]

# One worker runs them all: they share what is generated.
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("generated_scans")]

Scan = Callable[..., str]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one repository a design, and one with every kind of resource."""
    root = tmp_path_factory.mktemp("generated")
    for document in DOCUMENTS:
        scaffold(parse_file(document), root / document.stem)
    written(view_service(every_resource()), root / "every-resource")
    return root


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory, generated: Path) -> Scan:
    """Run a scanner in the generated folder and return what it prints."""
    home = tmp_path_factory.mktemp("scanners")

    def run(tool: str, *words: str) -> str:
        done = subprocess.run(
            [scanner(tool, home), *words],
            cwd=generated,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
        return done.stdout

    return run


def test_every_scanner_is_asked() -> None:
    asked = {name.split("_")[1] for name in globals() if name.endswith(("_nothing", "_high"))}
    assert asked == set(PACKAGES)


def test_gitleaks_finds_nothing(scan: Scan) -> None:
    scan("gitleaks", "dir", "--no-banner", "--redact", ".")


def test_hadolint_finds_nothing(scan: Scan, generated: Path) -> None:
    files = sorted(str(path.relative_to(generated)) for path in generated.glob("*/Dockerfile"))
    assert len(files) == len(DOCUMENTS)
    scan("hadolint", *files)


def test_trivy_finds_nothing_high(scan: Scan, generated: Path, tmp_path: Path) -> None:
    options = ["--quiet", "--skip-check-update", "--format=json", "--severity=HIGH,CRITICAL"]
    report = json.loads(scan("trivy", "config", *options, f"--cache-dir={tmp_path}", "."))
    found = [
        (result["Target"], one["ID"])
        for result in report["Results"]
        for one in result.get("Misconfigurations", [])
    ]
    assert found == []
    passed = {one["Target"]: (one.get("MisconfSummary") or {}) for one in report["Results"]}
    for folder in generated.iterdir():
        assert passed[f"{folder.name}/terraform"]["Successes"] > 0


def test_checkov_finds_nothing(scan: Scan, generated: Path) -> None:
    options = ["--framework=terraform", "--output=json", "--compact", "--skip-download"]
    # One folder at a time: checkov connects resources of the same name, wherever they stand.
    for folder in sorted(generated.iterdir()):
        report = json.loads(scan("checkov", *options, "--soft-fail", f"--directory={folder.name}"))
        assert report["summary"]["passed"] > 0, f"nothing was checked in {folder.name}"
        assert report["summary"]["parsing_errors"] == 0
        found = [(one["check_id"], one["resource"]) for one in report["results"]["failed_checks"]]
        assert found == [], folder.name
