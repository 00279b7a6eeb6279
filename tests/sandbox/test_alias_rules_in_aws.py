"""The rules for aliases and versions that AWS enforces and moto does not, through the API."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.control import Sandbox
from tests.sandbox.support import ECHO, Lambdas, package, role


def refused(call: Any, **arguments: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response: Any = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def two_versions(lambdas: Lambdas, name: str) -> None:
    lambdas.create(name, Publish=True)
    lambdas.publish(name, ECHO + "# 2")
    lambdas.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")


def weights(version: str, weight: float = 0.1) -> dict[str, Any]:
    return {"AdditionalVersionWeights": {version: weight}}


def test_trap_12_1_weighted_alias_never_takes_latest(lambdas: Lambdas, name: str) -> None:
    two_versions(lambdas, name)
    for given in (
        {"FunctionVersion": "1", "RoutingConfig": weights("$LATEST")},
        {"FunctionVersion": "$LATEST", "RoutingConfig": weights("1")},
    ):
        code, _ = refused(lambdas.client.update_alias, FunctionName=name, Name="live", **given)
        assert code == "InvalidParameterValueException"
    alias = lambdas.client.get_alias(FunctionName=name, Name="live")
    assert (alias["FunctionVersion"], alias.get("RoutingConfig")) == ("1", None)


def test_trap_12_1_revision_id_is_an_optimistic_lock_and_changes_on_update(
    lambdas: Lambdas, name: str
) -> None:
    two_versions(lambdas, name)
    update = lambdas.client.update_alias
    first = lambdas.client.get_alias(FunctionName=name, Name="live")["RevisionId"]
    second = update(FunctionName=name, Name="live", RoutingConfig=weights("2"), RevisionId=first)[
        "RevisionId"
    ]
    assert second != first
    again = refused(update, FunctionName=name, Name="live", FunctionVersion="2", RevisionId=first)
    assert again == ("PreconditionFailedException", 412)
    assert lambdas.client.get_alias(FunctionName=name, Name="live")["FunctionVersion"] == "1"


def test_trap_1_1_an_alias_holds_at_most_two_versions(lambdas: Lambdas, name: str) -> None:
    two_versions(lambdas, name)
    lambdas.publish(name, ECHO + "# 3")
    three = {"AdditionalVersionWeights": {"2": 0.1, "3": 0.1}}
    code, _ = refused(
        lambdas.client.update_alias, FunctionName=name, Name="live", RoutingConfig=three
    )
    assert code == "InvalidParameterValueException"


def test_trap_1_1_both_versions_need_the_same_role(
    sandbox: Sandbox, lambdas: Lambdas, name: str
) -> None:
    lambdas.create(name, Publish=True)
    other = role(sandbox, "another")
    lambdas.client.update_function_configuration(FunctionName=name, Role=other)
    lambdas.settle(name)
    lambdas.publish(name)
    code, _ = refused(
        lambdas.client.create_alias,
        FunctionName=name,
        Name="live",
        FunctionVersion="1",
        RoutingConfig=weights("2"),
    )
    assert code == "InvalidParameterValueException"


def test_trap_1_1_both_versions_need_the_same_dead_letter_queue(
    lambdas: Lambdas, name: str
) -> None:
    lambdas.create(name, Publish=True)
    target = {"TargetArn": "arn:aws:sqs:eu-west-1:536580886816:dead"}
    lambdas.client.update_function_configuration(FunctionName=name, DeadLetterConfig=target)
    lambdas.settle(name)
    lambdas.publish(name)
    found = lambdas.client.get_function_configuration(FunctionName=name, Qualifier="2")
    assert found["DeadLetterConfig"] == target
    code, _ = refused(
        lambdas.client.create_alias,
        FunctionName=name,
        Name="live",
        FunctionVersion="1",
        RoutingConfig=weights("2"),
    )
    assert code == "InvalidParameterValueException"


def test_trap_1_10_an_update_in_progress_refuses_the_next_one(lambdas: Lambdas, name: str) -> None:
    lambdas.create(name)
    client = lambdas.client
    answer = client.update_function_configuration(FunctionName=name, Timeout=7)
    assert answer["LastUpdateStatus"] == "InProgress"
    for call, given in (
        (client.update_function_code, {"ZipFile": package({"app.py": "handler = 1"})}),
        (client.update_function_configuration, {"Timeout": 8}),
        (client.publish_version, {}),
    ):
        assert refused(call, FunctionName=name, **given) == ("ResourceConflictException", 409)
    lambdas.settle(name)
    assert client.publish_version(FunctionName=name)["Version"] == "1"


def test_a_function_is_pending_until_it_is_created(lambdas: Lambdas, name: str) -> None:
    made = lambdas.create(name)
    assert made["State"] == "Pending"
    assert lambdas.client.get_function_configuration(FunctionName=name)["State"] == "Active"


def test_trap_1_11_function_updates_honour_the_revision(lambdas: Lambdas, name: str) -> None:
    lambdas.create(name)
    first = lambdas.client.get_function_configuration(FunctionName=name)["RevisionId"]
    lambdas.update(name, ECHO + "# changed")
    for call, given in (
        (lambdas.client.update_function_configuration, {"Timeout": 9}),
        (lambdas.client.publish_version, {}),
    ):
        code = refused(call, FunctionName=name, RevisionId=first, **given)
        assert code == ("PreconditionFailedException", 412)


def test_trap_1_11_publishing_checks_the_code_that_is_meant(lambdas: Lambdas, name: str) -> None:
    digest = lambdas.create(name)["CodeSha256"]
    lambdas.update(name, ECHO + "# changed")
    code, _ = refused(lambdas.client.publish_version, FunctionName=name, CodeSha256=digest)
    assert code == "InvalidParameterValueException"


def test_trap_1_12_publishing_the_same_again_is_the_same_version(
    lambdas: Lambdas, name: str
) -> None:
    lambdas.create(name)
    assert lambdas.publish(name) == "1"
    assert lambdas.publish(name) == "1"
    assert lambdas.publish(name, ECHO) == "1"  # the same bytes, uploaded again
    assert lambdas.publish(name, ECHO + "# 2") == "2"


def test_version_numbers_are_never_used_again(lambdas: Lambdas, name: str) -> None:
    two_versions(lambdas, name)
    lambdas.client.delete_function(FunctionName=name, Qualifier="2")
    assert lambdas.publish(name, ECHO + "# 3") == "3"


def test_trap_2_4_a_version_with_an_alias_cannot_be_deleted(lambdas: Lambdas, name: str) -> None:
    two_versions(lambdas, name)
    lambdas.client.update_alias(FunctionName=name, Name="live", RoutingConfig=weights("2"))
    for version in ("1", "2"):
        code, status = refused(lambdas.client.delete_function, FunctionName=name, Qualifier=version)
        assert (code, status) == ("ResourceConflictException", 409)


def test_an_alias_points_to_versions_that_exist(lambdas: Lambdas, name: str) -> None:
    two_versions(lambdas, name)
    code = refused(lambdas.client.update_alias, FunctionName=name, Name="live", FunctionVersion="9")
    assert code == ("ResourceNotFoundException", 404)


def test_weights_are_kept_until_they_are_cleared(lambdas: Lambdas, name: str) -> None:
    two_versions(lambdas, name)
    update = lambdas.client.update_alias
    update(FunctionName=name, Name="live", RoutingConfig=weights("2"))
    kept = update(FunctionName=name, Name="live", Description="still")
    assert kept["RoutingConfig"] == weights("2")
    cleared = update(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert "RoutingConfig" not in cleared


def test_invocations_follow_the_weights(lambdas: Lambdas, name: str) -> None:
    two_versions(lambdas, name)
    lambdas.client.update_alias(FunctionName=name, Name="live", RoutingConfig=weights("2", 0.5))
    chosen = Counter(
        lambdas.invoke(name, Qualifier="live")[1]["ExecutedVersion"] for _ in range(60)
    )
    assert set(chosen) == {"1", "2"}
    assert min(chosen.values()) > 10
    alone, _ = lambdas.invoke(name, Qualifier="2")
    assert alone["version"] == "2"
    assert json.loads(json.dumps(alone))["arn"].endswith(f":function:{name}:2")
