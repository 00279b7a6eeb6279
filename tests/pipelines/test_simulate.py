from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import UnavailableError, UsageProblemError
from pipelines.generation.build import Pipeline
from pipelines.simulation.plan import DryRun
from pipelines.simulation.simulate import Asked, simulate
from pipelines.simulation.simulate_report import as_data, as_mermaid, as_svg, as_text
from pipelines.validation.validate import validate
from tests.pipelines.builders import SERVICE, generated, write_workflow
from tests.support.files import read_tree

MATRIX = """
    on: [push, workflow_dispatch]
    env: {TOKEN: "${{ secrets.TOKEN }}"}
    jobs:
      build:
        runs-on: ubuntu-24.04
        strategy:
          matrix:
            python: ["3.11", "3.12"]
            os: [a, b]
            exclude: [{python: "3.11", os: b}]
            include: [{python: "3.13", os: c}, {python: "3.12", extra: yes}]
        outputs: {version: "${{ steps.v.outputs.v }}"}
        steps:
          - id: v
            run: echo ${{ matrix.python }} $TOKEN
          - if: github.ref == 'refs/heads/dev'
            run: never
          - if: ${{ hashFiles('x') != '' }}
            run: perhaps
          - uses: actions/upload-artifact@v7
            with: {name: "report-${{ matrix.python }}"}
      skipped:
        needs: build
        if: github.event_name == 'schedule'
        runs-on: ubuntu-24.04
        steps: [{run: x}]
      after:
        needs: [build, skipped]
        runs-on: ubuntu-24.04
        steps: [{run: x}]
      gate:
        needs: skipped
        if: always()
        runs-on: ubuntu-24.04
        steps: [{run: "echo ${{ needs.skipped.result }}"}]
"""


def planned(tmp_path: Path, text: str, asked: Asked | None = None) -> DryRun:
    return simulate(write_workflow(tmp_path, text), asked or Asked())


def test_matrix_legs_follow_include_and_exclude(tmp_path: Path) -> None:
    build = planned(tmp_path, MATRIX).jobs[0]
    assert [leg.label for leg in build.legs] == [
        "3.11, a",
        "3.12, a, yes",
        "3.12, b, yes",
        "3.13, c",
    ]
    assert build.legs[0].steps[0].command == "echo 3.11 $TOKEN"
    assert build.legs[0].env == {"TOKEN": "***"}
    assert build.uploads == ("report-3.11", "report-3.12", "report-3.13")


def test_conditions_are_decided_skipped_or_left_open(tmp_path: Path) -> None:
    run = planned(tmp_path, MATRIX)
    assert [step.runs for step in run.jobs[0].legs[0].steps] == [True, False, None, True]
    assert {job.id: job.runs for job in run.jobs} == {
        "build": True,
        "skipped": False,
        "after": False,
        "gate": True,
    }
    assert run.jobs[-1].legs[0].steps[0].command == "echo skipped"


def test_a_job_is_skipped_with_any_job_before_it_unless_it_asks_for_the_status(
    tmp_path: Path,
) -> None:
    run = planned(
        tmp_path,
        """
        on: push
        jobs:
          first: {if: "false", runs-on: x, steps: [{run: x}]}
          second: {needs: first, if: always(), runs-on: x, steps: [{run: x}]}
          third: {needs: second, runs-on: x, steps: [{run: x}]}
          fourth: {needs: second, if: "!cancelled()", runs-on: x, steps: [{run: x}]}
        """,
    )
    assert [job.runs for job in run.jobs] == [False, True, False, True]


def test_another_event_changes_what_happens(tmp_path: Path) -> None:
    run = planned(tmp_path, MATRIX, Asked("schedule"))
    assert run.starts is False
    assert "nothing would happen" in as_text(run)


def test_trap_6_7_prod_waits_for_both_roles_in_order(tmp_path: Path) -> None:
    path = write_workflow(tmp_path, generated(Pipeline.PROMOTE_PROD), "promote-prod.yml")
    run = simulate(path, Asked(inputs={"version": "v1.2.3"}))
    waits = [(job.id, job.environment, job.waits_for) for job in run.jobs if job.waits_for]
    assert waits == [
        ("business-owner", "prod-business-owner", ("business-owner",)),
        ("tech-lead", "prod-tech-lead", ("tech-lead",)),
        ("deploy", "prod", ("wait timer",)),
    ]
    assert run.inputs == {"version": "v1.2.3", "hotfix": "false"}


def test_called_workflows_and_own_actions_are_opened(tmp_path: Path) -> None:
    write_workflow(tmp_path, generated(Pipeline.CI), "ci.yml")
    path = write_workflow(tmp_path, generated(Pipeline.DEPLOY_DEV), "deploy-dev.yml")
    jobs = [job.id for job in simulate(path, Asked()).jobs]
    assert jobs[:3] == ["ci", "ci / lint", "ci / test"]
    assert jobs[-1] == "deploy"


def test_inputs_are_checked_against_their_declaration(tmp_path: Path) -> None:
    path = write_workflow(tmp_path, generated(Pipeline.ROLLBACK), "rollback.yml")
    run = simulate(path, Asked(inputs={"environment": "prod", "version": "v1.0.0"}))
    assert run.jobs[-1].environment == "prod"
    assert run.jobs[-1].legs[0].env["ACCOUNT"] == "093646564004"
    with pytest.raises(UsageProblemError, match="no option"):
        simulate(path, Asked(inputs={"environment": "moon"}))
    with pytest.raises(UsageProblemError, match="no input 'tag'"):
        simulate(path, Asked(inputs={"tag": "v1"}))
    with pytest.raises(UsageProblemError, match="no event"):
        simulate(path, Asked("pushed"))


HARMFUL = """
    on: push
    jobs:
      harm:
        runs-on: ubuntu-24.04
        env: {STOLEN: "${{ secrets.TOKEN }}"}
        steps:
          - run: |
              touch "%(trace)s"
              curl http://127.0.0.1:%(port)d/
              echo "$TOKEN" > "%(trace)s"
          - uses: ./.github/actions/evil
          - uses: actions/checkout@v7
"""


def test_trap_6_8_a_dry_run_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "a-value-that-must-not-appear")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        trace = tmp_path / "trace"
        values = {"trace": trace, "port": server.getsockname()[1]}
        path = write_workflow(tmp_path / "repository", HARMFUL % values)
        before = read_tree(tmp_path)

        text = as_text(simulate(path, Asked()))

        with pytest.raises(TimeoutError):
            server.accept()
    assert read_tree(tmp_path) == before
    assert not trace.exists()
    assert "a-value-that-must-not-appear" not in text
    assert "STOLEN=***" in text


def test_trap_6_7_what_was_not_exercised_is_listed(tmp_path: Path) -> None:
    path = write_workflow(tmp_path, generated(Pipeline.PROMOTE_PROD), "promote-prod.yml")
    run = simulate(path, Asked())
    subjects = {gap["subject"]: gap["where"] for gap in as_data(run)["not_exercised"]}
    assert {"commands", "OIDC", "environments and approvals", "concurrency", "caches"} <= set(
        subjects
    )
    assert subjects["OIDC"] == ("check", "deploy")
    assert as_data(run)["executed"] is False
    assert "Not exercised:" in as_text(run)
    assert "passed" not in as_text(run).lower()


def test_the_picture_shows_jobs_gates_and_needs(tmp_path: Path) -> None:
    path = write_workflow(tmp_path, generated(Pipeline.PROMOTE_PROD), "promote-prod.yml")
    run = simulate(path, Asked())
    mermaid = as_mermaid(run)
    assert "j0 --> j1" in mermaid
    assert "waits for tech-lead" in mermaid
    svg = as_svg(run)
    assert svg.count("<rect") == len(run.jobs)
    assert svg.startswith("<svg ")


def test_a_hostile_name_does_not_escape_into_the_picture(tmp_path: Path) -> None:
    run = planned(
        tmp_path,
        """
        name: "<script>alert(1)</script>"
        on: push
        jobs: {a: {runs-on: x, environment: "<b>\\"]", steps: [{run: x}]}}
        """,
    )
    assert "<script>" not in as_svg(run)
    assert "<b>" not in as_svg(run)


@pytest.mark.parametrize("text", ["", "just text", "on: push\n", "a: [1"])
def test_what_is_no_workflow_is_said_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnavailableError):
        planned(tmp_path, text)


def test_jobs_that_wait_for_each_other_still_end(tmp_path: Path) -> None:
    run = planned(
        tmp_path,
        """
        on: push
        jobs:
          a: {needs: b, runs-on: x, steps: [{run: x}]}
          b: {needs: [a, nobody], runs-on: x, steps: [{run: x}]}
        """,
    )
    assert {job.id for job in run.jobs} == {"a", "b"}


@pytest.mark.parametrize("need", [lambda n: (n + 1) % 3000, lambda n: max(0, n - 1)])
def test_thousands_of_jobs_are_ordered_in_bounded_time(
    tmp_path: Path, need: Callable[[int], int]
) -> None:
    """All in one circle, or one after the other: what grows with the square takes minutes."""
    rows = "".join(
        f"  j{n}: {{needs: j{need(n)}, runs-on: x, steps: [{{run: x}}]}}\n" for n in range(3000)
    )
    path = tmp_path / "many.yml"
    path.write_text(f"on: push\njobs:\n{rows}")
    assert len(simulate(path, Asked()).jobs) == 3000
    (circle,) = [f for f in validate(path, external=False).findings if f.rule == "job-cycle"]
    assert circle.line == 3


def test_every_generated_workflow_can_be_simulated(tmp_path: Path) -> None:
    for pipeline in Pipeline:
        write_workflow(tmp_path, generated(pipeline, SERVICE), pipeline.value)
    for pipeline in Pipeline:
        run = simulate(tmp_path / pipeline.path, Asked())
        assert all(job.runs is not False for job in run.jobs)
