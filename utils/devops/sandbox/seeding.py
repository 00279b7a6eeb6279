"""What an account of the platform holds before the first service comes: as `bootstrap` makes it."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

from common.environments import FAILOVER, Environment, environments
from sandbox.profiles import OPERATOR_ROLE

if TYPE_CHECKING:
    from sandbox.control import Sandbox


_SERVICES = ("sts", "iam", "s3", "dynamodb", "sns")


@cache
def _loader() -> Any:
    """The descriptions of services, read once for every account."""
    from botocore.loaders import create_loader

    return create_loader()


def make_ready() -> None:
    """Read what `seed` needs: while the sandbox comes up, there is time for it."""
    import infra.bootstrap  # noqa: F401

    for service in _SERVICES:
        for kind in ("service-2", "endpoint-rule-set-1"):
            _loader().load_service_model(service, kind)


def seed(sandbox: Sandbox) -> None:
    """Bootstrap every account, with the very steps of `terraform_cli.py bootstrap`.

    A failover twin is left to that command: most people never look at it.

    Raises:
        UnavailableError: AWS of the sandbox refused.
    """
    rows = [row for row in environments().values() if row.name not in FAILOVER.values()]
    with ThreadPoolExecutor(len(rows)) as threads:
        list(threads.map(lambda row: _seed(sandbox, row), rows))


def session_of(sandbox: Sandbox, row: Environment) -> Any:
    """A session in the environment's account, as its operator."""
    import boto3
    from botocore.session import Session

    files = sandbox.where
    session = Session(profile=row.profile)
    session.register_component("data_loader", _loader())
    session.set_config_variable("config_file", str(files.aws_config))
    session.set_config_variable("credentials_file", str(files.aws_credentials))
    return boto3.session.Session(botocore_session=session, region_name=row.region)


def _seed(sandbox: Sandbox, row: Environment) -> None:
    from infra.bootstrap import Account, carry_out, plan_bootstrap

    account = Account(session_of(sandbox, row))
    _operator(account)
    carry_out(account, plan_bootstrap(account, row, ()), lambda _: None, time.sleep)


def _operator(account: Any) -> None:
    """The role that the profiles assume."""
    if account.read("iam", "get_role", RoleName=OPERATOR_ROLE) is not None:
        return
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.call("iam", "create_role", RoleName=OPERATOR_ROLE, AssumeRolePolicyDocument=trust)
