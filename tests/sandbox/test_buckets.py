"""Bucket policies in the sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.buckets import applying_statements
from sandbox.control import Sandbox
from tests.sandbox.support import session

DENY_PLAIN = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}


@pytest.mark.parametrize(
    ("statement", "applies"),
    [
        (DENY_PLAIN, False),
        ({"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": ["true"]}}}, True),
        ({"Effect": "Deny", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o"}}}, False),
        ({"Effect": "Allow", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o"}}}, True),
        ({"Effect": "Deny"}, True),
    ],
)
def test_a_statement_applies_when_its_condition_holds(
    statement: dict[str, Any], applies: bool
) -> None:
    assert bool(applying_statements({"Statement": statement})) is applies


def test_tls_only_lets_the_sandbox_in_and_a_plain_deny_keeps_out(
    sandbox: Sandbox, name: str
) -> None:
    s3 = session(sandbox).client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    rest = {"Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{name}/*"}

    def put_policy(statement: dict[str, Any]) -> None:
        policy = {"Version": "2012-10-17", "Statement": [statement | rest]}
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))

    put_policy(DENY_PLAIN)
    s3.put_object(Bucket=name, Key="a", Body=b"x")
    assert s3.get_object(Bucket=name, Key="a")["Body"].read() == b"x"
    put_policy({"Effect": "Deny"})
    with pytest.raises(ClientError):
        s3.get_object(Bucket=name, Key="a")
