"""The tools that travel: all that they import, nothing more, told by their digests."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
from pathlib import Path, PurePosixPath

import pytest

from codegen.baseline import BASELINE
from codegen.plan import Verb
from codegen.scaffold import plan_scaffold, scaffold
from codegen.tools import GENERATORS, MANIFEST, SCRIPTS, STARTED, TARGET, carried_tools
from tests.codegen.builders import make_design
from tests.conftest import ROOT

TOOLS = ROOT / "utils" / "devops"


@pytest.fixture(scope="module")
def carried():
    return {PurePosixPath(one.path).relative_to(TARGET): one.text for one in carried_tools()}


def modules(carried):
    return {".".join(path.with_suffix("").parts) for path in carried if path.suffix == ".py"}


def imported(text):
    """Every name that Python itself finds in the import statements of a module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{one.name}" for one in node.names)


def own_module(name):
    place = TOOLS.joinpath(*name.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def test_whatever_a_carried_module_imports_travels_too(carried):
    known = modules(carried) | {name.removesuffix(".__init__") for name in modules(carried)}
    missing = {
        (str(path), name)
        for path, text in carried.items()
        if path.suffix == ".py"
        for name in imported(text)
        if own_module(name) and name.split(".")[0] not in GENERATORS and name not in known
    }
    assert missing == set()


def test_nothing_travels_that_nothing_imports(carried):
    named = {
        part
        for path, text in carried.items()
        if path.suffix == ".py"
        for name in imported(text)
        for part in (name, f"{name}.__init__", f"{name.rpartition('.')[0]}.__init__")
    }
    started = {".".join(PurePosixPath(one).with_suffix("").parts) for one in (*SCRIPTS, *STARTED)}
    packages = {f"{'.'.join(path.parent.parts)}.__init__" for path in carried}
    assert modules(carried) - named - started - packages == set()


def test_the_generators_stay_in_the_toolkit(carried):
    assert {path.parts[0] for path in carried} & GENERATORS == set()
    assert {path.name for path in carried if len(path.parts) == 1 and path.suffix == ".py"} == set(
        SCRIPTS
    )


def test_every_script_that_a_workflow_calls_travels():
    texts = [
        path.read_text(encoding="utf-8")
        for path in (ROOT / "templates" / "workflows").rglob("*.yml")
    ]
    called = {name for text in texts for name in re.findall(r"utils/devops/(\w+\.py)", text)}
    assert called
    assert called <= set(SCRIPTS)


def test_a_carried_file_is_the_toolkits_own(carried):
    for path, text in carried.items():
        if path.suffix in (".py", ".yml"):
            assert text == (TOOLS / path).read_text(encoding="utf-8")


def test_the_manifest_holds_the_digest_of_every_file(carried):
    manifest = json.loads(carried[PurePosixPath("toolkit.json")])
    assert manifest["toolkit"]
    assert manifest["files"] == {
        str(path): f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        for path, text in carried.items()
        if path.name != "toolkit.json"
    }


def third_party(text):
    names = {name.split(".")[0] for name in imported(text)}
    return {one for one in names if not own_module(one)} - set(sys.stdlib_module_names)


_INSTALLS = {
    "boto3": {"boto3", "botocore"},
    "requests": {"requests", "certifi"},
    "PyYAML": {"yaml"},
    "PyNaCl": {"nacl"},
    "moto[server]": {"moto", "flask", "werkzeug", "cryptography"},
}
"""Import names that come with a requirement and are not its own name."""


def test_the_carried_requirements_hold_all_that_the_tools_import(carried):
    needed = {
        name
        for path, text in carried.items()
        if path.suffix == ".py"
        for name in third_party(text)
        if name not in GENERATORS
    }
    lines = carried[PurePosixPath("requirements.txt")].splitlines()
    pinned = [line.split("==")[0] for line in lines if "==" in line]
    given = {name for one in pinned for name in _INSTALLS.get(one, {one.replace("-", "_")})}
    assert needed - given == set()


def test_the_baseline_keeps_no_text_of_what_was_copied(tmp_path):
    scaffold(make_design(), tmp_path / "service")
    files = json.loads((tmp_path / "service" / BASELINE).read_text())["files"]
    assert files[MANIFEST]["part"] == "tools"
    assert {path for path, one in files.items() if "text" not in one} == {
        path for path in files if path.startswith(f"{TARGET}/")
    }


def test_a_newer_toolkit_replaces_the_tools_and_keeps_edits_of_them(tmp_path, monkeypatch):
    root = tmp_path / "service"
    scaffold(make_design(), root, ["tools"])
    edited, plain = f"{TARGET}/deploy_cli.py", f"{TARGET}/local_runner.py"
    (root / edited).write_text("# mine\n")
    assert changed(root) == {edited: Verb.KEEP}
    newer(monkeypatch, edited, plain)
    assert changed(root) == {edited: Verb.CONFLICT, plain: Verb.UPDATE}
    scaffold(make_design(), root, ["tools"])
    assert (root / edited).read_text() == "# mine\n"
    assert (root / plain).read_text() == "# newer\n"
    assert (root / f"{edited}.new").read_text() == "# newer\n"


def changed(root: Path):
    plan = plan_scaffold(make_design(), root, ["tools"])
    return {one.path: one.verb for one in plan.changes if one.verb is not Verb.IDENTICAL}


def newer(monkeypatch, *paths):
    from dataclasses import replace

    before = list(carried_tools())
    after = [replace(one, text="# newer\n") if one.path in paths else one for one in before]
    monkeypatch.setattr("codegen.tools.carried_tools", lambda: iter(after))
