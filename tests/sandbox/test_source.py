"""A function from source works with a running sandbox."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import local.invoke
from local.invoke import Options, invoke
from local.project import Kind, Project
from sandbox.control import Sandbox
from tests.sandbox.support import Lambdas
from tests.support.files import write_tree

CODE = """
import os, boto3

def handler(event, context):
    identity = boto3.client("sts").get_caller_identity()
    return [identity["Account"], os.environ.get("TABLE_NAME")]
"""


def test_it_calls_the_sandbox_as_dev_with_the_deployed_functions_variables(
    sandbox: Sandbox, lambdas: Lambdas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"Variables": {"TABLE_NAME": "bbws-things-dev"}}
    lambdas.create("bbws-shop-look-around-dev", Environment=variables)
    root = tmp_path / "2_bbws_shop_lambda"
    write_tree(root, {"src/handlers/look_around.py": CODE, "event.json": json.dumps({})})
    monkeypatch.setattr(local.invoke, "prepared_python", lambda _: Path(sys.executable))
    monkeypatch.setenv("XDG_STATE_HOME", str(sandbox.where.folder.parents[2]))
    project = Project(root, Kind.SERVICE)
    done = invoke(project, Options(root / "event.json", sandbox="tests"), print)
    assert (done.ok, done.aws) == (True, "sandbox tests")
    assert done.response == ["536580886816", "bbws-things-dev"]
