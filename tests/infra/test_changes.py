"""A plan is read attribute by attribute, and what is sensitive never shows."""

from __future__ import annotations

import pytest

from infra.changes import (
    MASKED,
    UNKNOWN,
    Action,
    action_of,
    attribute_changes,
    changed_outputs,
    count,
    losses,
    read_changes,
)
from tests.infra.builders import make_change, make_plan


@pytest.mark.parametrize(
    ("words", "action"),
    [
        (["create"], Action.CREATE),
        (["delete", "create"], Action.REPLACE),
        (["create", "delete"], Action.REPLACE),
        (["forget"], Action.FORGET),
        (["something", "new"], Action.DELETE),
        ([], Action.DELETE),
    ],
)
def test_an_action_we_do_not_know_counts_as_destroying(words: list[str], action: Action) -> None:
    assert action_of(words) is action


def shown(change: dict[str, object]) -> list[tuple[str, str, str]]:
    return [(a.path, a.before, a.after) for a in attribute_changes(change)]


def test_only_what_differs_is_shown_leaf_by_leaf() -> None:
    change = {
        "before": {"name": "a", "tags": {"Owner": "me"}, "rule": [{"days": 1}]},
        "after": {"name": "a", "tags": {"Owner": "you"}, "rule": [{"days": 2}], "new": True},
        "after_unknown": {"arn": True},
    }
    assert shown(change) == [
        ("arn", "—", UNKNOWN),
        ("new", "—", "true"),
        ("rule[0].days", "1", "2"),
        ("tags.Owner", "me", "you"),
    ]


def test_sensitive_values_are_masked_on_both_sides_and_their_change_is_still_seen() -> None:
    change = {
        "before": {"password": "old-one", "same": "s3cret"},
        "after": {"password": "new-one", "same": "s3cret"},
        "before_sensitive": {"password": True, "same": True},
        "after_sensitive": {"password": True, "same": True},
    }
    assert shown(change) == [("password", MASKED, MASKED)]


def test_a_lifted_mark_does_not_reveal_the_value() -> None:
    change = {
        "before": {"password": "old-one"},
        "after": {"password": "new-one"},
        "before_sensitive": {"password": True},
        "after_sensitive": False,
    }
    assert shown(change) == [("password", MASKED, MASKED)]


def test_a_whole_sensitive_block_is_one_mask() -> None:
    change = {
        "before": {"env": [{"variables": {"TOKEN": "abc"}}]},
        "after": {"env": [{"variables": {"TOKEN": "xyz"}}]},
        "after_sensitive": {"env": [{"variables": True}]},
    }
    assert shown(change) == [("env[0].variables", MASKED, MASKED)]


LONG = "x" * 500


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (f"{LONG}1", f"{LONG}2", "x" * 99 + "…"),
        (f"https://ann:{1}@host", f"https://ann:{2}@host", "https://***@host"),
    ],
    ids=["cut", "masked"],
)
@pytest.mark.parametrize("sensitive", [False, True])
def test_a_change_is_seen_though_what_is_shown_of_it_is_alike(
    before: str, after: str, text: str, *, sensitive: bool
) -> None:
    marks = {"url": True} if sensitive else {}
    change = {"before": {"url": before}, "after": {"url": after}, "after_sensitive": marks}
    text = MASKED if sensitive else text
    assert shown(change) == [("url", text, text)]
    assert shown({**change, "after": {"url": before}}) == []


def test_policies_kept_as_json_text_are_compared_as_what_they_say() -> None:
    change = {"before": {"policy": '{"A": [1, 2]}'}, "after": {"policy": '{ "A": [1, 3] }'}}
    assert shown(change) == [("policy.A[1]", "2", "3")]


def test_the_attribute_that_forces_a_replacement_is_marked() -> None:
    change = {
        "before": {"key": {"name": "a"}, "size": 1},
        "after": {"key": {"name": "b"}, "size": 2},
        "replace_paths": [["key"]],
    }
    assert [(a.path, a.forces) for a in attribute_changes(change)] == [
        ("key.name", True),
        ("size", False),
    ]


def test_the_worst_comes_first_and_data_sources_and_no_ops_are_left_out() -> None:
    plan = make_plan(
        make_change("aws_sns_topic.new", ["create"], after={}),
        make_change("aws_dynamodb_table.gone", ["delete"], before={}),
        make_change("aws_dynamodb_table.again", ["delete", "create"], before={}, after={}),
        make_change("aws_sns_topic.same", ["no-op"]),
        {**make_change("data.aws_region.now", ["read"]), "mode": "data"},
        output_changes={"a": {"actions": ["no-op"]}, "b": {"actions": ["update"]}},
    )
    changes = read_changes(plan)
    assert [change.address for change in changes] == [
        "aws_dynamodb_table.gone",
        "aws_dynamodb_table.again",
        "aws_sns_topic.new",
    ]
    counts = count(changes, changed_outputs(plan))
    assert (counts.delete, counts.replace, counts.create, counts.outputs) == (1, 1, 1, 1)
    assert [(loss.address, loss.action) for loss in losses(changes)] == [
        ("aws_dynamodb_table.gone", "destroy"),
        ("aws_dynamodb_table.again", "replace"),
    ]
