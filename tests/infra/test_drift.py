"""Drift is what an apply would put back; what AWS or others fill in is told apart."""

from __future__ import annotations

from infra.changes import Action, AttributeChange, Change
from infra.drift import Drift, to_json, to_text, told_apart


def changed(address: str, *paths: str, action: Action = Action.UPDATE) -> Change:
    attributes = tuple(AttributeChange(path, "old", "new") for path in paths)
    return Change(address, address.partition(".")[0], action, attributes)


def test_what_a_plan_would_put_back_is_drift_with_the_attributes_it_touches() -> None:
    drifted = [changed("aws_dynamodb_table.a", "recovery[0].enabled", "recovery[0].days")]
    planned = [changed("aws_dynamodb_table.a", "recovery[0].enabled")]
    found = told_apart(drifted, planned)
    assert found == Drift((changed("aws_dynamodb_table.a", "recovery[0].enabled"),))
    assert to_text(found).splitlines() == [
        "1 resource was changed outside Terraform:",
        "  aws_dynamodb_table.a: changed",
        "      recovery[0].enabled: old → new",
    ]


def test_what_no_plan_touches_is_not_drift_but_is_said() -> None:
    role = changed("aws_iam_role.a", "inline_policy[0].name", "inline_policy[0].policy")
    found = told_apart([role], [changed("aws_iam_role.b", "path")])
    assert (found.found, found.unmanaged) == (False, (role,))
    text = to_text(found)
    assert text.startswith("no drift")
    assert text.endswith("aws_iam_role.a: inline_policy")
    assert to_json(found)["unmanaged"] == [
        {"address": "aws_iam_role.a", "attributes": ["inline_policy"]}
    ]


def test_what_is_gone_is_drift_whatever_is_planned() -> None:
    gone = changed("aws_sns_topic.a", "name", action=Action.DELETE)
    found = told_apart([gone], [])
    assert found.changes == (gone,)
    assert to_text(found).splitlines()[1:] == ["  aws_sns_topic.a: deleted"]


def test_a_replacement_that_names_other_attributes_hides_nothing() -> None:
    drifted = changed("aws_sqs_queue.a", "policy")
    planned = changed("aws_sqs_queue.a", "name", action=Action.REPLACE)
    assert told_apart([drifted], [planned]).changes == (drifted,)


def test_what_is_only_written_differently_is_nothing() -> None:
    assert told_apart([changed("aws_sns_topic.a")], []) == Drift(())
