"""The rules that generated workflows keep; each trap that threatens them has its test here."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml

from common.environments import environments
from common.errors import UsageProblemError
from pipelines.checks.house import deployment, targets
from pipelines.generation.build import GATE, Pipeline, workflow_files
from pipelines.generation.pins import pins
from pipelines.generation.service import PipelineService
from pipelines.simulation.evaluate import condition
from pipelines.workflow.expressions import embedded
from pipelines.workflow.model import Job, Workflow, level, permissions
from tests.pipelines.builders import SERVICE, findings, generated, generated_flows

FLOWS = generated_flows()
ALL = pytest.mark.parametrize("pipeline", list(Pipeline), ids=[one.value for one in Pipeline])
DEPLOYING = [Pipeline.DEPLOY_DEV, Pipeline.PROMOTE_SIT, Pipeline.PROMOTE_PROD, Pipeline.ROLLBACK]
_OUTSIDE = re.compile(r"inputs|github\.(?:event|head_ref|ref_name|actor)|secrets|vars")


def scripts() -> Iterator[tuple[str, str]]:
    for pipeline, flow in FLOWS.items():
        for job in flow.jobs.values():
            for step in job.steps:
                if step.run is not None:
                    yield f"{pipeline.value}:{step.run.line}", step.run.text


def jobs_that_deploy() -> list[tuple[Workflow, Job]]:
    return [(f, job) for f in FLOWS.values() for job in f.jobs.values() if deployment(job)]


@ALL
def test_the_checks_of_the_house_find_nothing(pipeline: Pipeline, tmp_path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for path, text in workflow_files(SERVICE):
        (tmp_path / path).write_text(text)
    from pipelines.validation.validate import validate

    report = validate(tmp_path / pipeline.path, external=False)
    assert [(f.line, f.rule, f.message) for f in report.findings] == []


def test_trap_2_7_a_release_s_artifacts_are_checked_before_anybody_is_asked() -> None:
    for pipeline in (Pipeline.PROMOTE_SIT, Pipeline.PROMOTE_PROD):
        check = FLOWS[pipeline].jobs["check"]
        assert check.environment is not None
        assert environments()[check.environment.text].approvals == ()
        assert any("deploy_cli.py verify" in s.run.text for s in check.steps if s.run)
        gates = [job for job in FLOWS[pipeline].jobs.values() if job is not check]
        assert all(check in FLOWS[pipeline].ancestors(job) for job in gates)


def test_trap_4_1_prod_has_two_gates_because_one_reviewer_is_enough_for_each() -> None:
    flow = FLOWS[Pipeline.PROMOTE_PROD]
    before = {job.environment.text for job in flow.ancestors(flow.jobs["deploy"])}
    assert {"prod-business-owner", "prod-tech-lead"} <= before
    assert flow.jobs["deploy"].environment.text == "prod"


def test_trap_4_8_the_required_check_always_reports_and_fails_with_any_job() -> None:
    flow = FLOWS[Pipeline.CI]
    gate = flow.jobs["gate"]
    assert gate.node.get("name").text == GATE
    assert set(gate.need_ids) == set(flow.jobs) - {"gate"}
    assert condition(gate.condition.text, {"success()": False}) is True
    results = [value.text for _, value in gate.steps[0].env.pairs()]
    assert results == [f"${{{{ needs.{need}.result }}}}" for need in gate.need_ids]
    for event in flow.events.values():
        assert event.get("paths") is None
        assert event.get("paths-ignore") is None


def test_trap_5_2_each_job_with_a_role_declares_its_environment() -> None:
    for flow in FLOWS.values():
        for job in flow.jobs.values():
            if any(s.action == "aws-actions/configure-aws-credentials" for s in job.steps):
                assert job.environment is not None
                assert level(permissions(job.node) or {}, "id-token") == "write"


def test_trap_6_1_nothing_from_outside_becomes_a_script() -> None:
    for place, text in scripts():
        inside = [part.inside for part in embedded(text)]
        assert not [part for part in inside if _OUTSIDE.search(part)], place


def test_trap_6_1_a_version_is_checked_before_it_is_used() -> None:
    for pipeline in (Pipeline.PROMOTE_SIT, Pipeline.PROMOTE_PROD, Pipeline.ROLLBACK):
        first = next(step for step in FLOWS[pipeline].jobs["check"].steps if step.run)
        assert "=~ ^v[0-9]+" in first.run.text


def test_trap_6_2_every_action_is_pinned_to_a_commit_with_its_version() -> None:
    for pipeline in Pipeline:
        for line in generated(pipeline).splitlines():
            if "uses:" in line and "./" not in line:
                action, sha, version = re.search(
                    r"uses: ([\w./-]+)@([0-9a-f]{40}) # (v[\d.]+)$", line
                ).groups()
                assert (pins()[action].sha, pins()[action].version) == (sha, version)


def test_trap_6_2_nothing_is_installed_but_from_locked_requirements() -> None:
    installs = re.compile(r"\b(?:pip|pipx|uv|npm|npx|apt-get|curl|wget|brew)\b")
    assert [place for place, text in scripts() if installs.search(text)] == []


def test_trap_6_3_no_two_workflows_share_a_concurrency_group() -> None:
    groups = [FLOWS[one].root.get("concurrency").get("group").text for one in Pipeline]
    assert len(set(groups)) == len(groups)


def test_trap_6_3_what_runs_after_a_deployment_is_shown_and_tested() -> None:
    for pipeline in (Pipeline.DEPLOY_DEV, Pipeline.PROMOTE_SIT, Pipeline.PROMOTE_PROD):
        job = FLOWS[pipeline].jobs["deploy"]
        after = [s.run.text for s in job.steps if s.run and s.number > deployment(job).number]
        assert any("health-check" in text for text in after)
        assert any("deploy_cli.py monitor" in text for text in after)


@pytest.mark.parametrize("pipeline", DEPLOYING, ids=[one.value for one in DEPLOYING])
def test_trap_6_4_a_deployment_is_never_cancelled(pipeline: Pipeline) -> None:
    concurrency = FLOWS[pipeline].root.get("concurrency")
    assert concurrency.get("cancel-in-progress").text == "false"


def test_trap_6_5_a_deployment_declares_its_environment_and_fails_on_empty_settings() -> None:
    for _flow, job in jobs_that_deploy():
        assert job.environment is not None
        scripted = [step for step in job.steps if step.run]
        assert scripted[0].name.text == "Require the environment's settings"
        assert "arn:aws:iam::$ACCOUNT:role/" in scripted[0].run.text
        assert "exit 3" in scripted[0].run.text


def test_trap_6_6_every_job_says_which_rights_it_needs_and_callers_grant_them() -> None:
    for flow in FLOWS.values():
        assert permissions(flow.root) == {}
        assert all(permissions(job.node) is not None for job in flow.jobs.values())


def test_trap_6_9_no_condition_reads_env_where_there_is_none(tmp_path) -> None:
    faulty = (
        "on: push\njobs:\n  a:\n    if: ${{ !env.ACT }}\n    runs-on: x\n    steps: [{run: x}]\n"
    )
    assert "expression-context" in {one.rule for one in findings(tmp_path, faulty)}
    for flow in FLOWS.values():
        conditions = [job.condition.text for job in flow.jobs.values() if job.condition]
        assert not [text for text in conditions if "env." in text]


def test_trap_6_11_secrets_are_read_in_environments_only_and_for_tests_only() -> None:
    readers = [
        (job.environment.text if job.environment else "", name)
        for flow in FLOWS.values()
        for job in flow.jobs.values()
        for node in job.node.scalars()
        for name in re.findall(r"secrets\.(\w+)", node.text)
    ]
    assert readers == [("dev", "BBWS_TEST_TOKEN"), ("dev", "BBWS_TEST_API_KEY")]


def test_trap_6_12_github_s_expressions_survive_the_templates() -> None:
    for pipeline in Pipeline:
        text = generated(pipeline)
        assert yaml.safe_load(text)["jobs"]
        assert not re.search(r"\[=|=\]|\[%|%\]|\[#", text)
        assert len(list(embedded(text))) == text.count("${{")
        assert text.count("${{") > 3


def test_trap_8_8_no_check_is_swallowed() -> None:
    for pipeline in Pipeline:
        assert "continue-on-error" not in generated(pipeline)
    assert [place for place, text in scripts() if re.search(r"\|\|\s*(?:true|:)", text)] == []


def test_the_account_is_validated_before_anything_else_touches_aws() -> None:
    for _flow, job in jobs_that_deploy():
        texts = [step.run.text if step.run else step.action for step in job.steps]
        validated = next(n for n, text in enumerate(texts) if "get-caller-identity" in text)
        assert validated < deployment(job).number - 1
        assert "configure-aws-credentials" in texts[validated - 1]


def test_accounts_and_regions_are_those_of_the_table() -> None:
    for _flow, job in jobs_that_deploy():
        for name in targets(job):
            env = job.node.get("env")
            assert environments()[name].account in env.get("ACCOUNT").text
            assert environments()[name].region in env.get("REGION").text
    assert environments()["dev"].account not in generated(Pipeline.CI)


def test_sit_and_prod_start_on_request_only() -> None:
    for pipeline in (Pipeline.PROMOTE_SIT, Pipeline.PROMOTE_PROD, Pipeline.ROLLBACK):
        assert list(FLOWS[pipeline].events) == ["workflow_dispatch"]


def test_a_rollback_reaches_every_environment_through_the_tech_lead() -> None:
    flow = FLOWS[Pipeline.ROLLBACK]
    options = flow.inputs("workflow_dispatch").get("environment").get("options")
    assert options.plain() == ["dev", "sit", "prod"]
    before = {
        job.environment.text for job in flow.ancestors(flow.jobs["rollback"]) if job.environment
    }
    assert before == {"prod-tech-lead"}


def test_the_deployed_commit_is_the_checked_one_even_if_the_tag_moves() -> None:
    for pipeline in (Pipeline.PROMOTE_SIT, Pipeline.PROMOTE_PROD):
        checkout = FLOWS[pipeline].jobs["deploy"].steps[0]
        assert checkout.inputs.get("ref").text == "${{ needs.check.outputs.commit }}"


@ALL
def test_every_job_ends_by_itself(pipeline: Pipeline) -> None:
    jobs = FLOWS[pipeline].jobs.values()
    assert all(job.node.get("timeout-minutes") for job in jobs if job.uses is None)


@pytest.mark.parametrize(
    "values",
    [
        {"name": "auth; rm -rf /"},
        {"name": "${{ github.token }}"},
        {"name": "auth\nenv"},
        {"name": ""},
        {"repository": "../other"},
        {"python_version": "3.12'"},
        {"terraform_path": "../../etc"},
        {"terraform_path": "/etc"},
        {"terraform_path": "a b"},
    ],
    ids=str,
)
def test_trap_7_3_hostile_names_never_reach_a_workflow(values: dict[str, str]) -> None:
    settings = {"name": "auth", "repository": "2_bbws_auth_lambda", **values}
    with pytest.raises(UsageProblemError):
        PipelineService(**settings)


def test_a_service_s_own_settings_reach_its_workflows() -> None:
    service = PipelineService("cart", "2_bbws_cart_lambda", "3.13", "infra/tf")
    text = generated(Pipeline.CI, service)
    assert 'python-version: "3.13"' in text
    assert "--path infra/tf" in text
    assert "SERVICE: cart" in generated(Pipeline.DEPLOY_DEV, service)


def test_generating_twice_gives_the_same_bytes() -> None:
    assert dict(workflow_files(SERVICE)) == dict(workflow_files(SERVICE))
