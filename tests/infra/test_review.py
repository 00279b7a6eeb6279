"""The review reads the same for people, pull requests and programs."""

from __future__ import annotations

import json
from typing import Any

from infra.changes import count, losses, read_changes
from infra.cost import CostChange, cost_change
from infra.policy import Finding, Severity
from infra.record import Counts
from infra.review import Review, summary, to_json, to_markdown, to_text
from infra.scanners import Scan
from tests.infra.builders import created, make_change, make_plan, make_record


def review(*entries: dict[str, Any], **facts: Any) -> Review:
    changes = read_changes(make_plan(*entries))
    record = make_record(counts=count(changes, 0), losses=losses(changes))
    empty = {"findings": (), "scans": (), "cost": CostChange(0, 0, ())}
    return Review(record=record, changes=changes, **{**empty, **facts})


REPLACED = make_change(
    "aws_dynamodb_table.users",
    ["delete", "create"],
    before={"hash_key": "id", "ttl": 1},
    after={"hash_key": "pk", "ttl": 2},
    replace_paths=[["hash_key"]],
)


def test_a_lost_table_is_shouted_before_everything_else() -> None:
    text = to_text(review(created("aws_sns_topic.t", name="t"), REPLACED))
    assert text.splitlines()[:6] == [
        "2_bbws_auth_lambda in dev (536580886816), cccccccccccc",
        "Plan: 1 to replace, 1 to create",
        "",
        "!!! DATA IS LOST: these hold what cannot be made again !!!",
        "!!! REPLACE aws_dynamodb_table.users",
        "",
    ]
    assert "hash_key: id → pk  ← forces replacement" in text
    assert text.index("hash_key: id") < text.index("ttl: 1 → 2") < text.index("1 created:")


def test_markdown_cannot_be_broken_out_of_by_a_value() -> None:
    evil = created("aws_sns_topic.t", name="``` </details> [x](http://evil)")
    finding = Finding("r", Severity.HIGH, "a|b", "<img src=x>\n| more")
    text = to_markdown(review(evil, REPLACED, findings=(finding,)))
    assert text.count("\n```") == 2
    assert "| high | r | a\\|b | &lt;img src=x> \\| more |" in text
    assert "> [!CAUTION]" in text


def test_markdown_fits_into_a_comment() -> None:
    many = [created(f"aws_sns_topic.t{i}", name="n" * 90, other="o" * 90) for i in range(400)]
    text = to_markdown(review(*many))
    assert len(text) < 65_000
    assert text.count("\n```") % 2 == 0
    assert text.endswith("_cut: the plan is longer than a comment may be_")


def test_json_says_it_all_and_is_one_document() -> None:
    scans = (Scan("trivy", problem="not installed"),)
    document = json.loads(json.dumps(to_json(review(REPLACED, scans=scans, applicable=False))))
    assert document["changes"][0]["loses"] is True
    assert document["scanners"] == {"trivy": "not installed"}
    assert document["applicable"] is False
    assert document["seal"]


def test_a_scanner_that_could_not_run_is_never_clean() -> None:
    scans = (Scan("trivy", problem="could not run: timed out"),)
    assert "(trivy: could not run: timed out)" in to_text(review(scans=scans))
    assert "could not run" in to_markdown(review(scans=scans))


def test_a_review_only_plan_says_so() -> None:
    assert "cannot be applied" in to_text(review(applicable=False))


def test_the_summary_of_nothing_and_of_outputs_alone() -> None:
    assert summary(Counts()) == "no changes"
    assert summary(Counts(outputs=2)) == "only outputs change (2)"


def test_cost_is_the_difference_of_known_prices_and_names_the_unknown() -> None:
    provisioned = created("aws_dynamodb_table.t", billing_mode="PROVISIONED", read_capacity=10)
    plan = make_plan(
        created("aws_kms_key.k"),
        provisioned,
        created("aws_dynamodb_table.od", billing_mode="PAY_PER_REQUEST", read_capacity=10),
        created("aws_db_instance.d"),
        make_change("aws_cloudwatch_dashboard.d", ["delete"], before={}),
        make_change("aws_kms_key.same", ["no-op"], before={}, after={}),
    )
    cost = cost_change(plan)
    assert (cost.before, cost.after, cost.delta) == (3.0, 2.07, -0.93)
    assert cost.unpriced == ("aws_db_instance.d",)
