"""The requirement files of a generated service."""

from __future__ import annotations

import re

import pytest

from codegen.scaffold import scaffold
from tests.codegen.builders import make_design
from tests.conftest import ROOT

PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([\w.]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root = tmp_path_factory.mktemp("generated") / "service"
    scaffold(make_design(), root)
    names = ("requirements.txt", "requirements-dev.txt")
    return dict(PIN.findall("\n".join((root / name).read_text() for name in names)))


def test_service_has_what_the_options_of_test_need(pinned: dict[str, str]) -> None:
    assert {"pytest", "pytest-cov", "pytest-xdist"} <= pinned.keys()


def test_service_is_tested_with_the_versions_of_the_toolkit(pinned: dict[str, str]) -> None:
    own = dict(PIN.findall((ROOT / "requirements.txt").read_text()))
    shared = pinned.keys() & own.keys()
    assert len(shared) > 8
    assert {name: pinned[name] for name in shared} == {name: own[name] for name in shared}
