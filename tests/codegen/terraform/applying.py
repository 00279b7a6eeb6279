"""Generated infrastructure applied by the real Terraform and provider, many designs at once.

The provider mostly waits: for a queue's attributes, a bucket's rules, a key's policy to be the same
several times in a row. Side by side those waits cost nothing, so designs are applied by threads,
each in an account of its own.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codegen.terraform.files import terraform_files
from codegen.views.service_view import ServiceView
from common.environments import environment
from tests.codegen.terraform.account import Account, look
from tests.codegen.terraform.world import FakeAws, Terraform, fake_aws

DEV = environment("dev")
AT_ONCE = 6
"""Designs applied side by side: each takes about 700 MB."""


@dataclass(frozen=True)
class Applied:
    """A service that was applied, and what was then found."""

    service: ServiceView
    outputs: dict[str, Any]
    resources: list[str]
    state_keys: list[str]
    account: Account
    api: dict[str, Any]
    """The OpenAPI document that API Gateway was given."""


@dataclass(frozen=True)
class Work:
    """A service to apply; with chosen variables its state lies in S3, as in production."""

    service: ServiceView
    chosen: Mapping[str, str] | None = None
    existing_bus: str | None = None
    existing_secret: str | None = None
    deployed: bool = False
    """A deployment moved code and traffic before the second plan."""
    interrupted: bool = False
    """The first apply ended when there was nothing but the roles of the functions."""


@dataclass
class Applications:
    """Services being applied, by name. What was not started before is started when asked for."""

    providers: dict[str, str]
    folder: Path
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE))
    started: dict[str, Future[Applied]] = field(default_factory=dict)

    def start(self, name: str, work: Work) -> Future[Applied]:
        """Begin to apply a service, unless that was done."""
        if name not in self.started:
            folder = self.folder / f"service{len(self.started)}"
            folder.mkdir()
            self.started[name] = self.threads.submit(apply, work, self.providers, folder)
        return self.started[name]

    def end(self) -> None:
        """Wait for what runs; start nothing more."""
        self.threads.shutdown(cancel_futures=True)


def apply(work: Work, providers: dict[str, str], folder: Path) -> Applied:
    """Apply a service to an empty account; asserts every step and an empty second plan."""
    with fake_aws(DEV.account, DEV.region, folder) as aws:
        _prepare(work, aws)
        terraform = Terraform(
            written(work.service, folder), {**providers, **aws.server.environment()}
        )
        terraform.run("fmt", "-check", "-diff", "-recursive")
        _init(terraform, work.chosen)
        terraform.run("validate")
        variables = ["-var-file=environments/dev.tfvars"]
        variables += [f"-var={name}={value}" for name, value in (work.chosen or {}).items()]
        if work.interrupted:
            _make_roles_only(terraform, aws, variables)
        terraform.run("plan", "-input=false", *variables, "-out=first.tfplan")
        terraform.run("apply", "-input=false", "-parallelism=30", "first.tfplan")
        if work.deployed:
            _deploy(aws)
        terraform.run("plan", "-input=false", "-detailed-exitcode", *variables)
        return Applied(
            service=work.service,
            outputs=terraform.outputs(),
            resources=terraform.run("state", "list").splitlines(),
            state_keys=_keys_of_state(aws) if work.chosen is not None else [],
            account=look(aws),
            api=_api_document(terraform),
        )


def written(service: ServiceView, folder: Path) -> Path:
    """The service's `terraform` folder on disk."""
    for path, text in terraform_files(service):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder / "terraform"


def _init(terraform: Terraform, chosen: Mapping[str, str] | None) -> None:
    if chosen is None:
        terraform.keep_state_here()
        terraform.run("init", "-input=false")
    else:
        terraform.run("init", "-input=false", "-backend-config=environments/dev.s3.tfbackend")


def _prepare(work: Work, aws: FakeAws) -> None:
    """What an account holds before the first service: code, state, what others own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("src/__init__.py", "")
    _make_bucket(aws, DEV.artifact_bucket)
    aws.client("s3").put_object(
        Bucket=DEV.artifact_bucket,
        Key=f"{work.service.repository}/initial.zip",
        Body=buffer.getvalue(),
    )
    if work.chosen is not None:
        _make_state_storage(aws)
    if work.existing_bus:
        aws.client("events").create_event_bus(Name=work.existing_bus)
    if work.existing_secret:
        aws.client("secretsmanager").create_secret(Name=work.existing_secret, SecretString="x")


def _deploy(aws: FakeAws) -> None:
    """New code in every function, and a tenth of the traffic on it."""
    functions = aws.client("lambda")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("src/__init__.py", "VERSION = 2")
    for page in functions.get_paginator("list_functions").paginate():
        for one in page["Functions"]:
            name = one["FunctionName"]
            functions.update_function_code(FunctionName=name, ZipFile=buffer.getvalue())
            new = functions.publish_version(FunctionName=name)["Version"]
            weights = {"AdditionalVersionWeights": {new: 0.1}}
            functions.update_alias(FunctionName=name, Name="live", RoutingConfig=weights)


def _make_bucket(aws: FakeAws, name: str) -> None:
    place = {"LocationConstraint": aws.region}
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place)


def _make_state_storage(aws: FakeAws) -> None:
    _make_bucket(aws, DEV.state_bucket)
    aws.client("dynamodb").create_table(
        TableName=DEV.lock_table,
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _make_roles_only(terraform: Terraform, aws: FakeAws, variables: list[str]) -> None:
    """What an apply leaves that ends early; asserts that it left just that."""
    target = "-target=aws_iam_role.function"
    terraform.run("apply", "-input=false", "-auto-approve", target, *variables)
    assert aws.client("iam").list_roles()["Roles"]
    assert not aws.client("lambda").list_functions()["Functions"]


def _api_document(terraform: Terraform) -> dict[str, Any]:
    resources = json.loads(terraform.run("state", "pull"))["resources"]
    (api,) = (one for one in resources if one["type"] == "aws_api_gateway_rest_api")
    document: dict[str, Any] = json.loads(api["instances"][0]["attributes"]["body"])
    return document


def _keys_of_state(aws: FakeAws) -> list[str]:
    found = aws.client("s3").list_objects_v2(Bucket=DEV.state_bucket)["Contents"]
    return [one["Key"] for one in found]
