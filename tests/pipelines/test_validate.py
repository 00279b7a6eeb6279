from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.errors import UnavailableError
from pipelines.validation import engines
from pipelines.validation.engines import Engine
from pipelines.validation.report import as_annotations, as_json, as_sarif, as_text
from pipelines.validation.validate import Report, validate, workflow_files
from pipelines.workflow.findings import Finding, Severity
from tests.pipelines.builders import findings, rules, write_workflow
from tests.support.files import write_tree

FAULTY = """
name: Case
on: push
permissions: {}
concurrency: case
jobs:
  build:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: {}
    steps:
      - run: echo ${{ github.head_ref }}
"""


def report_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str = FAULTY) -> Report:
    monkeypatch.chdir(tmp_path)
    write_workflow(tmp_path, text)
    return validate(Path(".github/workflows/case.yml"), external=False)


def fake_tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def only_fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing but the fakes that a test makes, and the shell they need."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr("sys.executable", str(folder / "python"))
    return folder


def test_text_shows_the_line_and_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = as_text(report_of(tmp_path, monkeypatch))
    assert text.splitlines() == [
        ".github/workflows/case.yml:11:23: error: github.head_ref is written by strangers and "
        "becomes part of the script [script-injection]",
        "   11 |       - run: echo ${{ github.head_ref }}",
        "      |                       ^",
        "      = put it into 'env:' and use the variable, in double quotes",
        "",
        "1 error in 1 file",
    ]


def test_json_and_sarif_and_annotations_say_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = report_of(tmp_path, monkeypatch)
    data = json.loads(as_json(report))
    assert (data["ok"], data["errors"], data["findings"][0]["line"]) == (False, 1, 11)
    result = json.loads(as_sarif(report))["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == ".github/workflows/case.yml"
    assert place["region"] == {"startLine": 11, "startColumn": 23}
    assert as_annotations(report).startswith(
        "::error file=.github/workflows/case.yml,line=11,col=23,title=script-injection::"
    )


def test_an_annotation_cannot_be_broken_out_of() -> None:
    finding = Finding("r", Severity.ERROR, "a\n::set-env name=x::y%", 1, file="a,b:c")
    text = as_annotations(Report((), (finding,), ()))
    assert text == "::error file=a%2Cb%3Ac,line=1,col=1,title=r::a%0A::set-env name=x::y%25"


def test_trap_6_10_a_finding_is_accepted_one_by_one_and_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = "github.head_ref }} # pipeline_test: ignore[script-injection]"
    bare = report_of(tmp_path, monkeypatch, FAULTY.replace("github.head_ref }}", mark))
    assert [one.rule for one in bare.findings] == ["script-injection"]
    with_reason = FAULTY.replace("github.head_ref }}", mark + " only we push here")
    accepted = report_of(tmp_path, monkeypatch, with_reason)
    assert accepted.findings == ()
    assert [one.reason for one in accepted.suppressed] == ["only we push here"]
    assert "1 accepted with a reason" in as_text(accepted)


def test_trap_6_10_a_missing_linter_is_said_so(tmp_path: Path, only_fakes: Path) -> None:
    report = validate(write_workflow(tmp_path, FAULTY))
    assert [(one.name, one.skipped) for one in report.engines] == [
        ("actionlint", "not installed"),
        ("zizmor", "not installed"),
    ]
    assert "actionlint: SKIPPED, not installed" in as_text(report)
    assert report.crashed == ()
    assert [one.rule for one in report.findings] == ["script-injection"]


@pytest.mark.parametrize(
    "script",
    ["exit 139", "echo '[]'; exit 1", "echo 'not json'", "echo '[{}]'; exit 1", "exit 0"],
)
def test_trap_6_10_a_linter_that_breaks_is_not_clean(
    tmp_path: Path, only_fakes: Path, script: str
) -> None:
    fake_tool(only_fakes, "actionlint", f'[ "$1" = -version ] && echo 1.2.3 && exit 0\n{script}')
    report = validate(write_workflow(tmp_path, FAULTY))
    assert [one.name for one in report.crashed] == ["actionlint"]


def test_trap_6_10_versions_and_skipped_audits_are_shown(tmp_path: Path, only_fakes: Path) -> None:
    fake_tool(
        only_fakes,
        "zizmor",
        '[ "$1" = --version ] && echo "zizmor 9.8.7" && exit 0\n'
        'echo "DEBUG skipping impostor-commit: no token" >&2\n'
        'echo "WARN collect: failed to parse input: x" >&2\necho "[]"',
    )
    text = as_text(validate(write_workflow(tmp_path, FAULTY)))
    assert "zizmor 9.8.7; without impostor-commit; 1 file not read" in text


def test_what_two_tools_see_is_said_once(tmp_path: Path, only_fakes: Path) -> None:
    path = write_workflow(tmp_path, FAULTY)
    entry = {
        "message": "untrusted",
        "filepath": str(path),
        "line": 11,
        "column": 23,
        "kind": "expression",
    }
    fake_tool(
        only_fakes,
        "actionlint",
        f"[ \"$1\" = -version ] && echo 1.2.3 && exit 0\necho '{json.dumps([entry])}'; exit 1",
    )
    found = validate(path).findings
    assert [(one.rule, one.also) for one in found] == [("script-injection", ("actionlint",))]


def test_trap_6_6_a_caller_with_too_few_rights_is_found(tmp_path: Path) -> None:
    called = """
on: workflow_call
permissions: {}
jobs:
  work:
    runs-on: x
    timeout-minutes: 1
    permissions: {packages: write, contents: read}
    steps: [{run: make}]
"""
    caller = """
on: push
permissions: {}
concurrency: x
jobs:
  call:
    permissions: {contents: read}
    uses: ./.github/workflows/called.yml
"""
    write_tree(tmp_path, {".github/workflows/called.yml": called})
    (found,) = findings(tmp_path, caller)
    assert found.rule == "workflow-permissions"
    assert "packages: write" in found.message
    assert "contents" not in found.message


def test_trap_6_5_a_secret_that_was_not_handed_over_is_empty(tmp_path: Path) -> None:
    text = """
on: {workflow_call: {secrets: {TOKEN: {required: true}}}}
permissions: {}
jobs:
  a:
    runs-on: x
    timeout-minutes: 1
    steps:
      - run: make
        env: {T: "${{ secrets.OTHER }}"}
"""
    assert ("expression-secret", 9) in rules(tmp_path, text)


def test_a_folder_or_a_repository_stands_for_its_workflows(tmp_path: Path) -> None:
    files = {
        ".github/workflows/a.yml": "x",
        ".github/workflows/b.yaml": "x",
        ".github/workflows/c.txt": "x",
        ".github/actions/own/action.yml": "x",
        ".github/dependabot.yml": "x",
    }
    write_tree(tmp_path, files)
    names = {path.name for path in workflow_files(tmp_path)}
    assert names == {"a.yml", "b.yaml", "action.yml"}
    assert len(workflow_files(tmp_path / ".github" / "workflows")) == 2


def test_nothing_to_check_is_not_clean(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="no workflow"):
        validate(tmp_path)
    with pytest.raises(UnavailableError, match="does not exist"):
        validate(tmp_path / "nowhere")


def test_an_action_is_checked_as_an_action(tmp_path: Path) -> None:
    action = "name: A\ndescription: B\nruns:\n  using: composite\n  steps:\n    - run: make\n"
    write_tree(tmp_path, {".github/actions/own/action.yml": action, ".github/workflows/a.yml": "a"})
    found = {one.rule for one in validate(tmp_path, external=False).findings}
    assert "action-shell" in found


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n", "jobs: []\n", "on: 1\njobs: x\n"])
def test_odd_documents_are_findings_never_a_crash(tmp_path: Path, text: str) -> None:
    found = findings(tmp_path, text)
    assert found
    assert all(one.severity is Severity.ERROR for one in found)


def test_the_linters_are_looked_for_beside_this_python(only_fakes: Path) -> None:
    fake_tool(only_fakes, "actionlint", "exit 0")
    assert engines.tool("actionlint") == str(only_fakes / "actionlint")
    assert engines.tool("no-such-tool") is None
    assert Engine("x", skipped="could not run: y").crashed
