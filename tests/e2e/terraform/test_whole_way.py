"""From an empty account to drift and back to nothing, with the real provider."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.folder import Folder
from infra.shared_provider import locked_provider
from tests.support.aws_server import AwsServer, aws_server
from tests.support.terraform_project import TABLE, TOPIC, WITH_AWS, Maker, writes

pytestmark = pytest.mark.e2e

ACCOUNT = "536580886816"


@pytest.fixture
def empty_account(tmp_path: Path) -> Iterator[AwsServer]:
    with aws_server(ACCOUNT, tmp_path) as server:
        yield server


def test_from_an_empty_account_to_drift_and_back_to_nothing(
    make_project: Maker, empty_account: AwsServer
) -> None:
    project = make_project(WITH_AWS + TABLE + TOPIC, server=empty_account, ready=False)

    before = len(project.server.requests())
    assert "would do" in project.ok("bootstrap", "--dry-run")
    asked = project.server.requests()[before:]
    assert not [line for line in asked if writes(line)], asked
    project.ok("bootstrap")
    assert "nothing to do" in project.ok("bootstrap")

    project.ok("init")
    assert locked_provider(Folder(project.terraform, "dev"))
    planned = json.loads(project.ok("plan", "-o", "json"))
    assert planned["counts"]["create"] == 2
    assert planned["findings"] == []
    assert "2 to create" in project.ok("apply")
    assert project.ok("output", "--name", "topic").strip().endswith("events-dev")

    arn = json.loads(project.ok("output", "-o", "json"))["topic"]
    project.client("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="DisplayName", AttributeValue="by hand"
    )
    drift = project.cli("drift")
    assert drift.returncode == 1
    assert "display_name: Events → by hand" in drift.stdout

    assert project.cli("plan", "--detailed-exitcode").returncode == 2
    project.ok("apply")
    assert "no drift" in project.ok("drift")

    destroyed = project.cli("destroy", "--yes")
    assert destroyed.returncode == 0, destroyed.stderr
    assert "!!! DESTROY aws_dynamodb_table.items" in destroyed.stderr
    assert "no resources" in project.ok("state", "--action", "list")
    assert "items-dev" not in project.client("dynamodb").list_tables()["TableNames"]
