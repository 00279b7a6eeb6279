"""A generated repository is operated with the tools it carries, and with no other checkout."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import sysconfig

import pytest

from codegen.scaffold import scaffold
from codegen.tools import SCRIPTS
from lld.parse import parse_file
from tests.conftest import ROOT
from tests.support.contracts import documented_commands

EXAMPLE = ROOT / "templates" / "examples" / "9.1.1_LLD_Bookmark_Lambda.md"
CARRIED = frozenset(name.removesuffix(".py") for name in SCRIPTS)
AFTER_CD = """\
local_runner.py test --coverage
security_cli.py code
security_cli.py dependencies
pipeline_test.py dry-run --workflow .github/workflows/ci.yml
deploy_cli.py monitor --env dev --service bookmark
"""
"""The lines of Workflow 1 that stand after `cd` into the repository, `git push` apart."""

PARSE = """
import importlib, json, sys
import click

sys.path.insert(0, "utils/devops")
for script, words in json.load(sys.stdin):
    command = importlib.import_module(script).cli
    context = click.Context(command, info_name=script)
    while isinstance(command, click.Group):
        command = command.get_command(context, words.pop(0))
        context = click.Context(command, parent=context, info_name=command.name)
    command.make_context(command.name, words, parent=context.parent)
    print(sys.modules[script].__file__)
"""

INVOKE = """
import sys
from pathlib import Path

sys.path.insert(0, "utils/devops")
import local.invoke
import local_runner

# This interpreter has all that the repository's own environment would take minutes to install.
local.invoke.prepared_python = lambda _: Path(sys.executable)
local_runner.cli()
"""

EVENT = {
    "resource": "/v1.0/readers/{readerId}/bookmarks",
    "path": "/v1.0/readers/reader-1/bookmarks",
    "httpMethod": "GET",
    "headers": {},
    "queryStringParameters": None,
    "requestContext": {"requestId": "1", "stage": "v1", "http": {"method": "GET"}},
    "body": None,
    "isBase64Encoded": False,
}

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    root = tmp_path_factory.mktemp("carried") / "2_bbws_bookmark_lambda"
    scaffold(parse_file(EXAMPLE), root)
    subprocess.run(["git", "init", "--quiet", root], check=True)
    return root


def run(repository, *words, stdin=None):
    hidden = ("PYTHONPATH", "PYTEST_", "COV_", "GITHUB_TOKEN", "GH_TOKEN")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
    return subprocess.run(
        [sys.executable, *words],
        cwd=repository,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def tool(repository, line):
    script, *words = shlex.split(line)
    return run(repository, f"utils/devops/{script}", *words)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_carried_script_explains_itself(repository, script):
    done = tool(repository, f"{script} --help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage:")


def test_every_runbook_line_of_a_carried_script_parses_in_the_repository(repository):
    lines = [shlex.split(line) for line in AFTER_CD.splitlines()]
    wanted = [(script.removesuffix(".py"), words) for script, *words in lines]
    wanted += [one for one in documented_commands() if one[0] in CARRIED]
    done = run(repository, "-c", PARSE, stdin=json.dumps(wanted))
    assert done.returncode == 0, done.stderr
    origins = done.stdout.splitlines()
    assert len(origins) == len(wanted)
    assert all(os.path.realpath(one).startswith(str(repository.resolve())) for one in origins)


def test_the_pipeline_is_valid_by_the_repositorys_own_tools(repository):
    done = tool(repository, "pipeline_test.py validate --workflow .github/workflows/ci.yml -o json")
    assert done.returncode == 0, done.stdout + done.stderr
    json.loads(done.stdout)


def test_the_pipeline_runs_dry_in_the_repository(repository):
    done = tool(repository, "pipeline_test.py dry-run --workflow .github/workflows/ci.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_function_is_invoked_in_the_repository(repository):
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    libraries = repository / ".venv" / "lib" / version / "site-packages"
    libraries.parent.mkdir(parents=True)
    libraries.symlink_to(sysconfig.get_path("purelib"), target_is_directory=True)
    (repository / "event.json").write_text(json.dumps(EVENT))
    words = ["lambda", "--event", "event.json", "--function", "list_bookmarks", "-o", "json"]
    done = run(repository, "-c", INVOKE, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["function"] == "list_bookmarks"


@pytest.mark.parametrize(
    "line",
    [
        "deploy_cli.py monitor --env dev",
        "monitor_cli.py health-check --env dev",
        "terraform_cli.py plan --env dev",
    ],
)
def test_without_credentials_an_operation_says_what_is_missing(repository, line):
    done = tool(repository, f"{line} -o json")
    assert done.returncode == 4, done.stdout + done.stderr
    assert json.loads(done.stdout)["error"]["message"]


def test_detect_secrets_finds_nothing_in_the_tools(repository):
    done = run(repository, "-m", "detect_secrets", "scan", "--all-files", "utils")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"] == {}
