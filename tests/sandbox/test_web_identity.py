"""Roles for tokens of GitHub's, as their trust policies say."""

from __future__ import annotations

import base64
import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from common.environments import environment
from infra.bootstrap import Account, carry_out, plan_bootstrap
from sandbox.aws.web_identity import admits
from sandbox.control import Sandbox
from tests.sandbox.support import session

ISSUER = "https://token.actions.githubusercontent.com"
GOOD = "repo:bbws/2_bbws_auth_lambda:environment:dev"
ROLE = "arn:aws:iam::536580886816:role/github-2_bbws_auth_lambda-dev"


def token(**claims: str) -> str:
    content = {"iss": ISSUER, "aud": "sts.amazonaws.com", "sub": GOOD, **claims}
    part = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    return f"e30.{part}.x"


@pytest.fixture
def sts(sandbox: Sandbox) -> Any:
    """STS of the sandbox, asked by nobody in particular, and the role of one repository."""
    account = Account(session(sandbox))
    steps = plan_bootstrap(account, environment("dev"), ("bbws/2_bbws_auth_lambda",))
    carry_out(account, steps, lambda _: None, lambda _: None)
    return boto3.client(
        "sts",
        endpoint_url=sandbox.running.endpoint,
        region_name="eu-west-1",
        aws_access_key_id="NOBODYNOBODYNOBODY00",
        aws_secret_access_key="x",
    )


def test_the_role_of_bootstrap_takes_the_job_of_its_environment(sandbox: Sandbox, sts: Any) -> None:
    answer = sts.assume_role_with_web_identity(
        RoleArn=ROLE, RoleSessionName="run-1", WebIdentityToken=token()
    )
    keys = answer["Credentials"]
    mine = boto3.client(
        "sts",
        endpoint_url=sandbox.running.endpoint,
        region_name="eu-west-1",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    arn = mine.get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::536580886816:assumed-role/{ROLE.rpartition('/')[2]}/run-1"


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"sub": "repo:bbws/2_bbws_auth_lambda:environment:sit"}, ROLE),
        ({"sub": "repo:bbws/2_bbws_auth_lambda:ref:refs/heads/main"}, ROLE),
        ({"sub": "repo:other/2_bbws_auth_lambda:environment:dev"}, ROLE),
        ({"aud": "somebody"}, ROLE),
        ({"iss": "https://gitlab.example"}, ROLE),
        ({}, ROLE.replace("auth", "nothing")),
    ],
)
def test_trap_5_2_every_other_token_is_not_authorized(
    sts: Any, claims: dict[str, str], role: str
) -> None:
    with pytest.raises(ClientError, match="Not authorized") as caught:
        sts.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="run-1", WebIdentityToken=token(**claims)
        )
    response: Any = caught.value.response
    assert response["Error"]["Code"] == "AccessDenied"


def test_what_is_no_token_is_refused(sts: Any) -> None:
    with pytest.raises(ClientError, match="InvalidIdentityToken"):
        sts.assume_role_with_web_identity(
            RoleArn=ROLE, RoleSessionName="run-1", WebIdentityToken="nothing"
        )


def test_trap_5_3_a_condition_that_is_not_known_admits_nobody() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {
            "Federated": "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"
        },
        "Condition": {"ForAllValues:StringEquals": {"x": "y"}},
    }
    assert not admits({"Statement": [statement]}, {"iss": ISSUER}, "1")
    assert admits({"Statement": [{**statement, "Condition": {}}]}, {"iss": ISSUER}, "1")
