"""`ci`: what of act's log becomes of jobs, what may run here, and what steps may see."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from common.errors import RefusedError, UsageProblemError
from pipeline_test import cli
from pipelines.generation.build import Pipeline
from pipelines.simulation.fidelity import Extent, gaps
from rehearsal.ci.board import Board, JobRun, Result, StepRun
from rehearsal.ci.coverage import find_coverage
from rehearsal.ci.engine import Asked, clean_environment, own_values, start
from rehearsal.ci.report import as_data, as_text, as_xml
from rehearsal.ci.run import CiRun
from rehearsal.ci.safety import require_harmless
from tests.pipelines.builders import flow, generated

SERVICES = """
on: push
jobs:
  test:
    runs-on: ubuntu-24.04
    services: {db: {image: x}}
    steps: [{uses: actions/cache@v4}]
"""


def line(message: str, **more: object) -> str:
    return json.dumps({"job": "CI/Test", "jobID": "test", "level": "info", "msg": message, **more})


def board(*lines: str) -> Board:
    made = Board()
    for one in lines:
        made.take(one)
    made.close()
    return made


def job(result: Result = Result.SUCCESS, *steps: StepRun) -> JobRun:
    return JobRun("test", "Test", "", result, list(steps))


def run(tmp_path: Path, *jobs: JobRun, **more: object) -> CiRun:
    given = {"coverage": None, "wanted_coverage": None, "trouble": "", **more}
    return CiRun("ci.yml", "push", Extent.HOST, jobs, reports=tmp_path, not_exercised=(), **given)


def test_a_step_and_its_job_end_as_act_says() -> None:
    found = board(
        line("⭐ Run Main pytest", step="pytest", stepID=["0"]),
        line("1 failed\n", step="pytest", raw_output=True),
        line("x", step="pytest", stepResult="failure", executionTime=2_500_000_000),
        line("🏁  Job failed", jobResult="failure"),
    ).jobs["CI/Test"]
    assert (found.result, found.seconds) == (Result.FAILURE, 2.5)
    assert [(s.name, s.result, s.tail) for s in found.steps] == [
        ("pytest", Result.FAILURE, ["1 failed"])
    ]


def test_legs_of_a_matrix_are_jobs_of_their_own() -> None:
    found = board(
        line("x", job="CI/Test-1", matrix={"python": "3.11"}),
        line("x", job="CI/Test-2", matrix={"python": "3.12"}),
    )
    assert [one.label for one in found.jobs.values()] == ["Test [3.11]", "Test [3.12]"]


def test_a_job_that_never_ended_was_cut_off() -> None:
    assert board(line("⭐ Run Main x", step="x")).jobs["CI/Test"].result is Result.CANCELLED


def test_what_is_no_json_is_act_s_own_complaint() -> None:
    assert board("Error: no such workflow").complaints == ["no such workflow"]


def test_a_credential_in_the_log_is_masked() -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    found = board(line(f"{key}\n", step="x", raw_output=True))
    assert found.jobs["CI/Test"].steps[0].tail == ["***"]


@pytest.mark.parametrize(
    "pipeline", [Pipeline.DEPLOY_DEV, Pipeline.PROMOTE_PROD, Pipeline.ROLLBACK, Pipeline.RELEASE]
)
def test_trap_6_7_a_workflow_that_deploys_never_runs_here(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError, match="environment"):
        require_harmless(flow(generated(pipeline)), tmp_path)


def test_trap_6_7_a_job_without_environment_still_may_not_sign_in(tmp_path: Path) -> None:
    text = "on: push\njobs: {a: {runs-on: x, permissions: {id-token: write}, steps: [{run: x}]}}"
    with pytest.raises(RefusedError, match="OIDC"):
        require_harmless(flow(text), tmp_path)


def test_one_harmless_job_of_a_deployment_may_run(tmp_path: Path) -> None:
    assert require_harmless(flow(generated(Pipeline.DEPLOY_DEV)), tmp_path, "ci") == {"ci"}
    with pytest.raises(UsageProblemError, match="no job 'nope'"):
        require_harmless(flow(generated(Pipeline.CI)), tmp_path, "nope")


def test_steps_see_no_keys_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "leak")
    monkeypatch.setenv("GITHUB_TOKEN", "leak")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:leak@proxy:1")
    monkeypatch.setenv("NO_PROXY", "localhost")
    found = clean_environment(tmp_path)
    assert "leak" not in str(found)
    assert (found["HOME"], found["NO_PROXY"]) == (str(tmp_path), "localhost")


def test_a_variable_s_value_stays_out_of_act_s_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_OF_MINE", "hidden-value")
    asked = Asked(
        tmp_path / "ci.yml", "push", engine="host", variables=own_values(["TOKEN_OF_MINE"])
    )
    monkeypatch.setattr("rehearsal.ci.engine.tool", lambda name: f"/bin/{name}")
    began = start(asked, tmp_path, ["ubuntu-24.04", "windows-latest"], tmp_path, tmp_path / "a")
    assert "hidden-value" not in " ".join(began.words)
    assert (tmp_path / "env").read_text() == "TOKEN_OF_MINE='hidden-value'\n"
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600
    assert [w for w in began.words if w.startswith(("ubuntu", "windows"))] == [
        "ubuntu-24.04=-self-hosted"
    ]
    with pytest.raises(UsageProblemError, match="NOT_THERE"):
        own_values(["NOT_THERE"])


def test_coverage_is_read_from_artifacts_first(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "r.zip", "w") as archive:
        archive.writestr("test-report.json", '{"coverage": 91.5}')
        archive.writestr("coverage.xml", '<?xml version="1.0"?><coverage line-rate="0.88" x="">')
    found = find_coverage(tmp_path, ['{"coverage": 10}'], ["TOTAL 10 5 50%"])
    assert (found.percent, found.source) == (88.0, "artifact coverage.xml")


@pytest.mark.parametrize(
    ("summaries", "printed", "percent"),
    [
        (['### Tests\n```json\n{\n"coverage": 97.2}\n```'], [], 97.2),
        ([], ["TOTAL      120     4     10    2    95%"], 95.0),
        (["no figure"], ["100% done"], None),
        (["{ broken"], [], None),
    ],
)
def test_coverage_is_read_from_summaries_and_output(
    tmp_path: Path, summaries: list[str], printed: list[str], percent: float | None
) -> None:
    found = find_coverage(tmp_path, summaries, printed)
    assert (found.percent if found else None) == percent


def test_the_exit_code_says_failed_incomplete_or_done(tmp_path: Path) -> None:
    failed = job(Result.FAILURE)
    assert run(tmp_path, job()).exit_code == 0
    assert run(tmp_path, job(), failed).exit_code == 1
    assert run(tmp_path, job(Result.NOT_RUN)).exit_code == 4
    assert run(tmp_path, job(), trouble="act broke").exit_code == 4
    assert run(tmp_path).exit_code == 4


def test_coverage_that_was_asked_for_and_not_measured_is_no_pass(tmp_path: Path) -> None:
    assert run(tmp_path, job(), wanted_coverage=80.0).exit_code == 4


def test_a_failed_step_is_in_every_report(tmp_path: Path) -> None:
    step = StepRun("pytest", Result.FAILURE, 1.0, ["assert \x1b[31m1 == 2"])
    made = run(tmp_path, job(Result.FAILURE, step))
    assert "assert" in as_text(made)
    assert as_data(made)["jobs"][0]["steps"][0]["result"] == "failure"
    assert '<failure message="failure">' in as_xml(made)
    assert "\x1b" not in as_xml(made)


def test_a_job_that_could_not_be_prepared_was_not_run_and_is_green_in_no_report(
    tmp_path: Path,
) -> None:
    made = board(
        line("Unable to clone https://example.com/a", level="error", step="Set up"),
        line("🏁  Job failed", jobResult="failure"),
        "Error: Bad Gateway",
    ).jobs["CI/Test"]
    assert (made.result, made.note) == (
        Result.NOT_RUN, "Unable to clone https://example.com/a",
    )  # fmt: skip
    ended = run(tmp_path, made)
    assert ended.exit_code == 4
    assert "Unable to clone" in as_text(ended)
    assert 'failures="1"' in as_xml(ended)


def test_trap_6_7_a_local_run_lists_what_it_did_not_exercise() -> None:
    host = {gap.subject for gap in gaps(flow(SERVICES), Extent.HOST)}
    contained = {gap.subject for gap in gaps(flow(SERVICES), Extent.CONTAINERS)}
    assert {"runner", "isolation", "services and containers", "caches"} <= host
    assert "services and containers" not in contained
    assert "actions of others" not in host


def test_trap_6_8_containers_are_not_quietly_replaced_by_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / ".github" / "workflows" / "ci.yml"
    path.parent.mkdir(parents=True)
    path.write_text(generated(Pipeline.CI))
    words = ["ci", "--workflow", str(path), "--engine", "containers"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 4
