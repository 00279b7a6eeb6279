"""What an account of the platform holds before the first service comes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from common.environments import Environment, environments
from common.errors import UnavailableError
from sandbox.profiles import OPERATOR_ROLE

if TYPE_CHECKING:
    from sandbox.control import Sandbox

_ISSUER = "token.actions.githubusercontent.com"


def seed(sandbox: Sandbox) -> None:
    """Create the shared resources of every account.

    Raises:
        UnavailableError: AWS of the sandbox refused.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    for row in environments().values():
        if row.promotes_from is None and row.name != "dev":
            continue
        try:
            _seed(sandbox, row)
        except (BotoCoreError, ClientError) as error:
            raise UnavailableError(f"{row.name} could not be prepared: {error}") from error


def session_of(sandbox: Sandbox, row: Environment) -> Any:
    """A session in the environment's account, as its operator."""
    import boto3
    from botocore.session import Session

    files = sandbox.where
    session = Session(profile=row.profile)
    session.set_config_variable("config_file", str(files.aws_config))
    session.set_config_variable("credentials_file", str(files.aws_credentials))
    return boto3.session.Session(botocore_session=session, region_name=row.region)


def _seed(sandbox: Sandbox, row: Environment) -> None:
    session = session_of(sandbox, row)
    _roles(session.client("iam"))
    s3 = session.client("s3")
    for bucket in (row.state_bucket, row.artifact_bucket):
        s3.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": row.region}
        )
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    dynamodb = session.client("dynamodb")
    _table(dynamodb, row.lock_table, "LockID")
    _table(dynamodb, row.ledger_table, "pk", "sk")
    session.client("sns").create_topic(Name=row.topic)


def _roles(iam: Any) -> None:
    iam.create_open_id_connect_provider(
        Url=f"https://{_ISSUER}", ClientIDList=["sts.amazonaws.com"]
    )
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
    iam.create_role(RoleName=OPERATOR_ROLE, AssumeRolePolicyDocument=json.dumps(trust))


def _table(dynamodb: Any, name: str, *keys: str) -> None:
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
    )
