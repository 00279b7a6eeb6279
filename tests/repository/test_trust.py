from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from common.environments import environment
from common.errors import RefusedError
from common.github_errors import Record
from deploy.promotion.gate import ROLE as DEPLOYING_ROLE
from infra.roles import pipeline_roles
from repository.model import Facts
from repository.policy import policy as house_policy
from repository.subjects import issuer, subjects
from repository.trust import Provider, judge, trust_policy
from tests.repository.house import NAME, House

PROVIDER = Provider("536580886816", "token.actions.githubusercontent.com")
SUB, AUD = f"{PROVIDER.issuer}:sub", f"{PROVIDER.issuer}:aud"
SUBJECT = "repo:bbws@7/2_bbws_auth_lambda@9:environment:dev"
FACTS = Facts(
    full_name="BBWS/2_bbws_auth_lambda",
    id=9,
    owner_id=7,
    private=True,
    description=None,
    topics=frozenset(),
    default_branch="main",
    html_url="",
    clone_url="",
    created_at="2026-11-01T00:00:00Z",
    is_admin=True,
    owned_by_org=True,
)
OLD = replace(FACTS, created_at="2025-03-01T00:00:00Z")


def prefix(facts: Facts, *, cloud: bool = True, **answer: object) -> str:
    return subjects(facts, Record(answer) if answer else None, on_github_com=cloud).prefix


def policy(operator: str = "StringEquals", **claims: object) -> dict:
    values = {AUD: "sts.amazonaws.com", **{f"{PROVIDER.issuer}:{k}": v for k, v in claims.items()}}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER.arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {operator: {k: v for k, v in values.items() if v is not None}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


# --- 5.1: which form ----------------------------------------------------------------------------


def test_trap_5_1_the_prefix_github_returns_is_what_counts() -> None:
    # As seen on github.com: the flag says false, the prefix has the ids, and so have the tokens.
    found = prefix(
        FACTS,
        use_default=True,
        use_immutable_subject=False,
        sub_claim_prefix="repo:bbws@7/2_bbws_auth_lambda@9",
    )
    assert found == "repo:bbws@7/2_bbws_auth_lambda@9"


def test_trap_5_1_without_a_prefix_a_new_repository_has_ids() -> None:
    assert prefix(FACTS) == "repo:BBWS@7/2_bbws_auth_lambda@9"


def test_trap_5_1_an_old_repository_has_names_only() -> None:
    assert prefix(OLD) == "repo:BBWS/2_bbws_auth_lambda"


def test_trap_5_1_an_old_repository_that_chose_ids_has_them() -> None:
    chosen = prefix(OLD, use_default=True, use_immutable_subject=True)
    assert chosen == "repo:BBWS@7/2_bbws_auth_lambda@9"


def test_trap_5_1_an_enterprise_server_has_names_only() -> None:
    assert prefix(FACTS, cloud=False) == "repo:BBWS/2_bbws_auth_lambda"


@pytest.mark.parametrize("number", ["*", 0, -1, True, "7"])
def test_trap_5_1_an_id_that_is_no_number_never_gets_into_a_policy(number: object) -> None:
    with pytest.raises(RefusedError, match="not a number"):
        prefix(replace(FACTS, id=number))  # type: ignore[arg-type]


@pytest.mark.parametrize("claimed", ["repo:bbws@*/x@9", "repo:bbws/*", "repo:bbws", "x"])
def test_trap_5_1_a_prefix_that_names_no_one_repository_is_refused(claimed: str) -> None:
    with pytest.raises(RefusedError, match="names one repository"):
        prefix(FACTS, use_default=True, sub_claim_prefix=claimed)


def test_a_format_of_its_own_is_not_guessed_at() -> None:
    with pytest.raises(RefusedError, match="its own subject format"):
        prefix(FACTS, use_default=False, include_claim_keys=["job_workflow_ref"])


# --- 5.2: the environment in the subject --------------------------------------------------------


def test_trap_5_2_the_policy_is_bound_to_the_environment_exactly() -> None:
    document = trust_policy(PROVIDER, SUBJECT)
    condition = document["Statement"][0]["Condition"]
    assert condition == {"StringEquals": {AUD: "sts.amazonaws.com", SUB: SUBJECT}}


def test_trap_5_2_a_policy_for_the_branch_does_not_let_the_environments_job_in() -> None:
    branch = policy(sub="repo:bbws@7/2_bbws_auth_lambda@9:ref:refs/heads/main")
    found = judge(branch, PROVIDER, SUBJECT)
    assert not found.allows
    assert found.trusted == ("repo:bbws@7/2_bbws_auth_lambda@9:ref:refs/heads/main",)


def test_trap_5_2_one_role_for_each_environment(gated: House) -> None:
    roles = set()
    for env in ("dev", "sit", "prod"):
        result = gated.on("secrets", "--env", env, "--trust-policy", "print", "-o", "json")
        found = json.loads(result.stdout)
        assert found["subject"].endswith(f":environment:{env}")
        roles.add((found["account"], found["role"]))
    assert len(roles) == 3


def test_a_gate_has_no_role(gated: House) -> None:
    result = gated.on("secrets", "--env", "prod-tech-lead", "--trust-policy", "print")
    assert result.exit_code == 2


# --- 5.3 and 5.4: what must not be there --------------------------------------------------------


def test_trap_5_3_for_all_values_is_never_written_and_always_found() -> None:
    assert "ForAllValues" not in json.dumps(trust_policy(PROVIDER, SUBJECT))
    found = judge(policy("ForAllValues:StringEquals", sub=SUBJECT), PROVIDER, SUBJECT)
    assert any("true when the claim is absent" in finding for finding in found.findings)


def test_trap_5_3_iss_is_no_condition_key() -> None:
    found = judge(policy(sub=SUBJECT, iss="https://x"), PROVIDER, SUBJECT)
    assert any(":iss is no condition key" in finding for finding in found.findings)
    assert not found.allows


@pytest.mark.parametrize("subject", ["repo:bbws/*", "repo:bbws/x:*", "repo:*:environment:dev"])
def test_trap_5_4_a_wildcard_is_never_written_and_always_found(subject: str) -> None:
    with pytest.raises(RefusedError, match="not bound to one repository and one environment"):
        trust_policy(PROVIDER, subject)
    found = judge(policy("StringLike", sub=subject), PROVIDER, SUBJECT)
    assert any("wildcard subject" in finding for finding in found.findings)


@pytest.mark.parametrize("claim", ["sub", "aud"])
def test_trap_5_4_a_missing_claim_is_found(claim: str) -> None:
    document = policy(**({"sub": SUBJECT, "aud": None} if claim == "aud" else {}))
    found = judge(document, PROVIDER, SUBJECT)
    assert f"no condition on {claim}: any repository's token gets in" in found.findings


# --- 5.5: case and account ----------------------------------------------------------------------


def test_trap_5_5_the_name_is_githubs_own_spelling(gated: House) -> None:
    result = gated.run(
        "secrets",
        "--name",
        NAME.upper(),
        "--org",
        "BBWS",
        "--env",
        "dev",
        "--trust-policy",
        "print",
    )
    assert f"repo:bbws@1005/{NAME}@" in result.stdout


def test_trap_5_5_another_case_is_another_subject() -> None:
    found = judge(policy(sub=SUBJECT.replace("bbws", "BBWS")), PROVIDER, SUBJECT)
    assert not found.allows


def test_trap_5_5_a_provider_of_another_account_is_named() -> None:
    document = trust_policy(replace(PROVIDER, account="111111111111"), SUBJECT)
    found = judge(document, PROVIDER, SUBJECT)
    assert not found.allows
    assert "arn:aws:iam::111111111111:oidc-provider/" in found.findings[0]


def test_an_enterprise_server_is_its_own_issuer() -> None:
    assert issuer("https://git.example.org/api/v3") == "git.example.org/_services/token"
    assert issuer("https://api.github.com") == PROVIDER.issuer


def test_deny_wins_and_unknown_operators_let_nobody_in() -> None:
    both = policy(sub=SUBJECT)
    both["Statement"].append({**both["Statement"][0], "Effect": "Deny"})
    assert not judge(both, PROVIDER, SUBJECT).allows
    assert not judge(policy("ArnLike", sub=SUBJECT), PROVIDER, SUBJECT).allows
    assert judge(policy(sub=[SUBJECT, "other"]), PROVIDER, SUBJECT).allows


@pytest.mark.parametrize("name", ["dev", "sit", "prod"])
def test_role_and_trust_are_those_that_bootstrap_makes_and_the_gate_demands(name: str) -> None:
    env = environment(name)
    made = pipeline_roles(env, ("bbws@7/2_bbws_auth_lambda@9",))[0]
    subject = f"repo:bbws@7/2_bbws_auth_lambda@9:environment:{name}"
    assert made.name == house_policy().role_name(NAME, name)
    assert made.name == DEPLOYING_ROLE.format(repository=NAME, environment=name)
    assert made.trust == trust_policy(Provider(env.account, PROVIDER.issuer), subject)


# --- preflight and apply, against IAM -----------------------------------------------------------

DEPLOY = """\
on:
  push: {branches: [main]}
  pull_request:
permissions: {}
jobs:
  deploy:
    environment: dev
    permissions: {id-token: write}
    steps: [{uses: "aws-actions/configure-aws-credentials@v6"}]
  build:
    permissions: {contents: read}
    steps: [{run: make}]
"""
LOOSE = """\
on: {push: {branches: [main]}}
jobs:
  plan:
    permissions: {id-token: write}
    steps: [{uses: "aws-actions/configure-aws-credentials@v6"}]
"""
CHOICE = """\
on:
  workflow_dispatch:
    inputs:
      environment: {type: choice, options: [dev, sit]}
jobs:
  rollback:
    environment: ${{ inputs.environment }}
    permissions: {id-token: write}
    steps: [{uses: "aws-actions/configure-aws-credentials@v6"}]
"""


@pytest.fixture
def aws(gated: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "536580886816")
    with mock_aws():
        iam = boto3.client("iam")
        empty = json.dumps({"Version": "2012-10-17", "Statement": []})
        iam.create_role(RoleName=f"github-{NAME}-dev", AssumeRolePolicyDocument=empty)
        yield iam


def test_the_policy_is_applied_once_and_read_back(gated: House, aws) -> None:
    words = ("secrets", "--env", "dev", "--trust-policy", "apply", "-o", "json")
    assert json.loads(gated.on(*words).stdout)["applied"] is True
    assert json.loads(gated.on(*words).stdout)["applied"] is False
    held = aws.get_role(RoleName=f"github-{NAME}-dev")["Role"]["AssumeRolePolicyDocument"]
    assert held["Statement"][0]["Condition"]["StringEquals"][SUB].endswith(":environment:dev")


def test_a_dry_run_checks_everything_and_applies_nothing(gated: House, aws) -> None:
    words = ("--trust-policy", "apply", "--dry-run")
    result = gated.on("secrets", "--env", "dev", *words)
    assert f"github-{NAME}-dev: would be set" in result.stderr
    nobody = ("--role-arn", "arn:aws:iam::536580886816:role/nobody")
    assert gated.on("secrets", "--env", "dev", *words, *nobody).exit_code == 4
    held = aws.get_role(RoleName=f"github-{NAME}-dev")["Role"]["AssumeRolePolicyDocument"]
    assert held["Statement"] == []


def test_a_role_that_is_not_there_is_explained(gated: House, aws) -> None:
    words = ("--trust-policy", "apply", "--role-arn", "arn:aws:iam::536580886816:role/nobody")
    result = gated.on("secrets", "--env", "dev", *words)
    assert result.exit_code == 4
    assert "role 'nobody' in account 536580886816" in result.stderr


def preflight(house: House, *words: str) -> tuple[int, list[dict]]:
    result = house.on("secrets", "--env", "dev", "--preflight", "-o", "json", *words)
    return result.exit_code, json.loads(result.stdout).get("jobs", [])


def test_trap_5_2_preflight_tells_what_a_job_presents_and_the_role_trusts(
    gated: House, aws
) -> None:
    gated.add_workflow(DEPLOY, "deploy.yml")
    code, (job,) = preflight(gated)
    assert code == 1
    assert job["job"] == "deploy"
    assert "the role trusts nothing" in job["reasons"][0]
    gated.on("secrets", "--env", "dev", "--trust-policy", "apply")
    code, (job,) = preflight(gated)
    assert (code, job["ok"]) == (0, True)


def test_preflight_reads_the_choices_of_an_input(gated: House, aws, tmp_path: Path) -> None:
    folder = tmp_path / "checkout" / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "rollback.yml").write_text(CHOICE)
    gated.on("secrets", "--env", "dev", "--trust-policy", "apply")
    code, jobs = preflight(gated, "--workflows", str(tmp_path / "checkout"))
    assert code == 0
    assert [job["environment"] for job in jobs] == ["dev"]


def test_trap_5_2_a_job_outside_any_environment_is_let_in_by_nobody(gated: House, aws) -> None:
    gated.add_workflow(LOOSE, "plan.yml")
    gated.on("secrets", "--env", "dev", "--trust-policy", "apply")
    code, (job,) = preflight(gated)
    assert code == 1
    assert job["subject"].endswith(":ref:refs/heads/main")


def test_preflight_over_nothing_proves_nothing(gated: House, aws) -> None:
    code, jobs = preflight(gated)
    assert (code, jobs) == (1, [])
