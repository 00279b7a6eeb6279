from __future__ import annotations

import pytest

from lld.model import Resource, Trigger
from tests.codegen.terraform.build import (
    block,
    function_of,
    grant_of,
    make_design,
    make_function,
    make_table,
    points,
    rendered,
    view,
)

QUEUE = Resource("sqs", "bbws-note-import-{env}", 60, details={"visibility_timeout_s": 300})
DEAD = Resource("sqs", "bbws-note-import-dlq-{env}", 61, dead_letter_of="bbws-note-import-{env}")


def design_of(trigger, source=None, resources=(), **facts):
    function = make_function("import_notes", trigger, source=source, timeout_s=60, **facts)
    return make_design(functions=(function,), endpoints=(), resources=tuple(resources))


def test_a_queue_gets_its_declared_dead_letter_queue():
    seen = view(design_of(Trigger.SQS, "SQS: `bbws-note-import-{env}`", [QUEUE, DEAD]))
    source, dead = seen.queues
    assert (source.name, source.dead_letter) == ("bbws-note-import-{env}", dead.key)
    assert dead.name == "bbws-note-import-dlq-{env}"


def test_a_queue_without_one_gets_a_dead_letter_queue():
    seen = view(design_of(Trigger.SQS, "bbws-note-import-{env}", [QUEUE]))
    assert [queue.name for queue in seen.dead_letter_queues] == ["bbws-note-import-dlq-{env}"]


def test_each_queue_keeps_its_own_dead_letter_queue():
    other = Resource("sqs", "bbws-note-export-{env}")
    seen = view(design_of(Trigger.SQS, "bbws-note-import-{env}", [QUEUE, other, DEAD]))
    named = {queue.key: queue.name for queue in seen.dead_letter_queues}
    assert [named[queue.dead_letter] for queue in seen.source_queues] == [
        "bbws-note-import-dlq-{env}",
        "bbws-note-export-dlq-{env}",
    ]


def test_visibility_is_never_shorter_than_the_function_may_run():
    short = Resource("sqs", "bbws-note-import-{env}", details={"visibility_timeout_s": 30})
    seen = view(design_of(Trigger.SQS, "bbws-note-import-{env}", [short]))
    assert seen.source_queues[0].visibility_s == 360


def test_stated_visibility_is_kept_where_it_is_long_enough():
    seen = view(design_of(Trigger.SQS, "bbws-note-import-{env}", [QUEUE]))
    assert seen.source_queues[0].visibility_s == 300


def test_a_function_without_a_described_queue_gets_one_and_an_open_point():
    seen = view(design_of(Trigger.SQS, None))
    assert seen.queue_triggers[0].queue == seen.source_queues[0].key
    assert "10: function 'import_notes': the design describes no queue" in points(seen)


def test_queue_mappings_report_partial_failures():
    text = rendered(design_of(Trigger.SQS, "bbws-note-import-{env}", [QUEUE]))["triggers.tf"]
    mapping = block(text, "resource", "aws_lambda_event_source_mapping", "queue")
    assert 'function_response_types = ["ReportBatchItemFailures"]' in mapping
    assert "aws_lambda_alias.live[each.key].arn" in mapping


def test_a_stream_function_switches_the_stream_on_and_keeps_what_fails():
    design = design_of(Trigger.DYNAMODB_STREAM, "bbws-notes-{env}")
    files = rendered(design)
    assert 'stream_view_type            = "NEW_AND_OLD_IMAGES"' in files["dynamodb.tf"]
    mapping = block(files["triggers.tf"], "resource", "aws_lambda_event_source_mapping", "stream")
    assert "destination_arn = aws_sqs_queue.failures.arn" in mapping
    assert "iterator_age" in files["alarms.tf"]


def test_a_stream_of_an_unknown_table_is_an_open_point():
    tables = (make_table("bbws-a-{env}"), make_table("bbws-b-{env}", line=21))
    function = make_function("watch", Trigger.DYNAMODB_STREAM)
    seen = view(make_design(functions=(function,), endpoints=(), tables=tables))
    assert seen.stream_triggers == ()
    assert "does not say which table's stream" in points(seen)


def test_a_topic_calls_the_alias():
    topic = Resource("sns", "bbws-note-events-{env}")
    text = rendered(design_of(Trigger.SNS, "bbws-note-events-{env}", [topic]))["triggers.tf"]
    assert "endpoint  = aws_lambda_alias.live[each.key].arn" in text
    assert "qualifier     = aws_lambda_alias.live[each.key].name" in text


def test_a_bucket_is_closed_encrypted_and_versioned():
    bucket = Resource("s3", "bbws-note-files-{env}")
    text = rendered(design_of(Trigger.S3, "bbws-note-files-{env}", [bucket]))["buckets.tf"]
    for expected in (
        "restrict_public_buckets = true",
        'sse_algorithm     = "aws:kms"',
        'status = "Enabled"',
        'variable = "aws:SecureTransport"',
    ):
        assert expected in text


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        ("bookmark.removed", 'jsonencode({ detail-type = ["bookmark.removed"] })'),
        ("ORDER_PAID event", 'jsonencode({ detail-type = ["ORDER_PAID"] })'),
    ],
)
def test_a_named_event_becomes_a_rule(source, pattern):
    text = rendered(design_of(Trigger.EVENTBRIDGE, source))["events.tf"]
    assert pattern in text
    assert '"ENABLED"' in text


def test_a_rule_without_a_bus_says_where_it_listens():
    design = design_of(Trigger.EVENTBRIDGE, "bookmark.removed")
    assert "names no event bus; its rule listens to the account's default bus" in points(
        view(design)
    )


def test_an_unnamed_event_leaves_the_rule_switched_off_and_says_so():
    design = design_of(Trigger.EVENTBRIDGE)
    assert 'state   = "DISABLED"' in rendered(design)["events.tf"]
    assert "its rule is switched off" in points(view(design))


def test_a_schedule_without_a_time_is_switched_off():
    design = design_of(Trigger.SCHEDULE, "nobody knows")
    assert '"DISABLED"' in rendered(design)["events.tf"]
    assert "its schedule is switched off" in points(view(design))


def test_the_event_bus_of_the_design_can_belong_to_another_service():
    bus = Resource("eventbridge", "bbws-note-events-{env}")
    text = rendered(design_of(Trigger.EVENTBRIDGE, "a.b", [bus]))["events.tf"]
    assert "count = var.create_event_bus ? 1 : 0" in text


def test_queues_that_a_topic_feeds_take_messages_from_it_only():
    topic = Resource("sns", "bbws-note-events-{env}")
    queue = Resource("sqs", "bbws-note-import-{env}", details={"topic": "bbws-note-events-{env}"})
    text = rendered(design_of(Trigger.SQS, "bbws-note-import-{env}", [topic, queue]))["queues.tf"]
    assert 'variable = "aws:SourceArn"' in text
    assert "raw_message_delivery = true" in text


@pytest.mark.parametrize(
    "trigger", [Trigger.SNS, Trigger.S3, Trigger.EVENTBRIDGE, Trigger.SCHEDULE]
)
def test_asynchronous_functions_keep_what_fails(trigger):
    design = design_of(trigger, "rate(1 hour)" if trigger is Trigger.SCHEDULE else None)
    assert function_of(view(design), "import_notes").is_async
    files = rendered(design)
    assert "destination = aws_sqs_queue.failures.arn" in files["functions.tf"]
    assert 'sid       = "Failures"' in files["iam.tf"]
    assert 'aws_sqs_queue" "failures"' in files["queues.tf"]


def test_event_functions_remember_only_under_their_own_key():
    seen = view(design_of(Trigger.SQS, "bbws-note-import-{env}", [QUEUE]))
    grant = grant_of(seen, "import_notes", "Handled")
    assert grant is not None
    assert grant.leading_key == "IDEMPOTENCY#import_notes"


def test_a_declared_rule_gives_source_and_type_of_the_event():
    details = {"target": "import_notes", "source": "bbws.note", "detail_type": "note.created"}
    rule = Resource("eventbridge", "bbws-note-created-{env}", details=details)
    text = rendered(design_of(Trigger.EVENTBRIDGE, None, [rule]))["events.tf"]
    assert 'jsonencode({ source = ["bbws.note"], detail-type = ["note.created"] })' in text


def test_a_bus_that_only_a_rule_names_is_used():
    details = {"event_bus": "bbws-shared-{env}"}
    rule = Resource("eventbridge", "bbws-note-created-{env}", details=details)
    assert view(design_of(Trigger.EVENTBRIDGE, "a.b", [rule])).bus.name == "bbws-shared-{env}"


def test_a_pattern_of_names_is_no_resource():
    design = design_of(Trigger.SQS, None, [Resource("sqs", "bbws-note-*")])
    assert [queue.name for queue in view(design).source_queues] == ["bbws-note-import-notes-{env}"]


def worker_files(trigger, source, *resources):
    worker = make_function("work", trigger, source=source)
    return rendered(make_design(functions=(worker,), endpoints=(), resources=resources))


def test_an_event_that_never_reaches_its_function_is_kept():
    files = worker_files(Trigger.EVENTBRIDGE, "note.created")
    target = block(files["events.tf"], "resource", "aws_cloudwatch_event_target", "function")
    assert "dead_letter_config {" in target
    assert '"events.amazonaws.com"' in files["queues.tf"]
    assert '"events.amazonaws.com"' in files["kms.tf"]


def test_a_message_that_never_reaches_its_function_is_kept():
    files = worker_files(
        Trigger.SNS, "bbws-note-news-{env}", Resource("sns", "bbws-note-news-{env}")
    )
    target = block(files["triggers.tf"], "resource", "aws_sns_topic_subscription", "function")
    assert "deadLetterTargetArn = aws_sqs_queue.failures.arn" in target
    assert '"sns.amazonaws.com"' in files["queues.tf"]
    assert '"sns.amazonaws.com"' in files["kms.tf"]


def test_a_call_that_the_scheduler_cannot_make_is_kept():
    files = worker_files(Trigger.SCHEDULE, "rate(1 hour)")
    schedule = block(files["events.tf"], "resource", "aws_scheduler_schedule", "function")
    role = block(files["iam.tf"], "data", "aws_iam_policy_document", "scheduler")
    assert "dead_letter_config {" in schedule
    assert "resources = [aws_sqs_queue.failures.arn]" in role


def test_the_key_is_for_services_that_send_something():
    assert "amazonaws.com" not in rendered()["kms.tf"].replace(
        "logs.${var.region}.amazonaws.com", ""
    )


def test_a_bucket_has_a_name_of_its_own_in_each_environment():
    seen = view(make_design(resources=(Resource("s3", "bbws-note-files", line=5),)))
    assert [bucket.name for bucket in seen.buckets] == ["bbws-note-files-{env}"]
    assert "5: bucket 'bbws-note-files'" in points(seen)


def test_a_topic_for_alerts_hears_the_alarms():
    files = rendered(make_design(resources=(Resource("sns", "bbws-alerts-{env}"),)))
    assert '[local.alarm_topic_arn, aws_sns_topic.this["alerts"].arn]' in files["alarms.tf"]
    assert '"cloudwatch.amazonaws.com"' in files["kms.tf"]


def test_an_alarm_of_the_design_keeps_its_name():
    resources = (
        Resource("sqs", "bbws-note-import-{env}"),
        Resource("sqs", "bbws-note-import-dlq-{env}"),
        Resource("cloudwatch_alarm", "bbws-note-dlq-depth-{env}"),
        Resource("cloudwatch_alarm", "bbws-note-mood-{env}", line=9),
    )
    design = make_design(resources=resources)
    assert 'alarm = "bbws-note-dlq-depth-${var.environment}"' in rendered(design)["alarms.tf"]
    assert "9: alarm 'bbws-note-mood-{env}'" in points(view(design))
