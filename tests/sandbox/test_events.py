"""Queues, table streams, topics, buckets and schedules invoke functions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.control import Sandbox
from tests.sandbox.support import Lambdas, eventually, session

pytestmark = pytest.mark.e2e

ACCOUNT = "536580886816"
COLLECT = """
import boto3, json
s3 = boto3.client("s3")

def handler(event, context):
    key = f"{context.function_name}/{context.aws_request_id}"
    s3.put_object(Bucket="bbws-artifacts-dev", Key=key, Body=json.dumps(event).encode())
"""
PARTIAL = """
def handler(event, context):
    failed = [r["messageId"] for r in event["Records"] if r["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": i} for i in failed]}
"""


class Collected:
    """The events a collecting function got."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self._s3 = session(sandbox).client("s3")
        self._name = name

    def __call__(self) -> list[Any]:
        found = self._s3.list_objects_v2(Bucket="bbws-artifacts-dev", Prefix=f"{self._name}/")
        return [
            json.load(self._s3.get_object(Bucket="bbws-artifacts-dev", Key=item["Key"])["Body"])
            for item in found.get("Contents", [])
        ]


@pytest.fixture
def collected(sandbox: Sandbox, lambdas: Lambdas, name: str) -> Collected:
    """A function behind `live` that keeps its events."""
    lambdas.create(name, COLLECT, Publish=True, Timeout=20)
    lambdas.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    return Collected(sandbox, name)


def make_queue(sandbox: Sandbox, name: str, **attributes: str) -> tuple[str, str]:
    url = session(sandbox).client("sqs").create_queue(QueueName=name, Attributes=attributes)
    return url["QueueUrl"], f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}"


def test_a_queue_invokes_the_alias_in_batches(
    sandbox: Sandbox, lambdas: Lambdas, name: str, collected: Collected
) -> None:
    sqs = session(sandbox).client("sqs")
    url, arn = make_queue(sandbox, name)
    mapping = lambdas.client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName=f"{name}:live", BatchSize=5
    )
    assert mapping["FunctionArn"].endswith(f":function:{name}:live")
    sqs.send_message(
        QueueUrl=url,
        MessageBody="hello",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "greeting"}},
    )
    (event,) = eventually(collected)
    (record,) = event["Records"]
    assert (record["body"], record["eventSourceARN"]) == ("hello", arn)
    assert record["messageAttributes"]["kind"]["stringValue"] == "greeting"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    eventually(lambda: size(sandbox, url) == 0)


def size(sandbox: Sandbox, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    sqs = session(sandbox).client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in found.values())


def test_only_failed_items_come_again_and_end_in_the_dead_letter_queue(
    sandbox: Sandbox, lambdas: Lambdas, name: str
) -> None:
    dead_url, dead_arn = make_queue(sandbox, f"{name}-dead")
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = make_queue(sandbox, name, RedrivePolicy=policy)
    lambdas.create(name, PARTIAL)
    sqs = session(sandbox).client("sqs")
    for text in ("good", "bad", "good"):
        sqs.send_message(QueueUrl=url, MessageBody=text)
    lambdas.client.create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName=name,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    eventually(lambda: size(sandbox, dead_url) == 1)
    assert size(sandbox, url) == 0
    (message,) = sqs.receive_message(QueueUrl=dead_url)["Messages"]
    assert message["Body"] == "bad"


def test_a_disabled_mapping_leaves_messages_alone(
    sandbox: Sandbox, lambdas: Lambdas, name: str, collected: Collected
) -> None:
    url, arn = make_queue(sandbox, name)
    made = lambdas.client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName=name, Enabled=False
    )
    session(sandbox).client("sqs").send_message(QueueUrl=url, MessageBody="later")
    assert (size(sandbox, url), collected()) == (1, [])
    lambdas.client.update_event_source_mapping(UUID=made["UUID"], Enabled=True)
    eventually(collected)


def make_table(sandbox: Sandbox, name: str) -> tuple[Any, str]:
    dynamodb = session(sandbox).client("dynamodb")
    made = dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return dynamodb, made["TableDescription"]["LatestStreamArn"]


def test_a_table_stream_invokes_in_order(
    sandbox: Sandbox, lambdas: Lambdas, name: str, collected: Collected
) -> None:
    dynamodb, stream = make_table(sandbox, name)
    lambdas.client.create_event_source_mapping(
        EventSourceArn=stream, FunctionName=name, StartingPosition="TRIM_HORIZON"
    )
    for value in ("1", "2"):
        dynamodb.put_item(TableName=name, Item={"pk": {"S": "a"}, "v": {"S": value}})
    dynamodb.delete_item(TableName=name, Key={"pk": {"S": "a"}})
    eventually(lambda: sum(len(event["Records"]) for event in collected()) == 3)
    records = sorted(
        (record for event in collected() for record in event["Records"]),
        key=lambda record: record["dynamodb"]["SequenceNumber"],
    )
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert records[1]["dynamodb"]["NewImage"]["v"] == {"S": "2"}
    assert records[0]["awsRegion"] == "eu-west-1"


def test_a_stream_batch_that_keeps_failing_goes_to_its_destination(
    sandbox: Sandbox, lambdas: Lambdas, name: str
) -> None:
    dynamodb, stream = make_table(sandbox, name)
    url, arn = make_queue(sandbox, f"{name}-lost")
    lambdas.create(name, "def handler(e, c):\n    raise ValueError\n")
    lambdas.client.create_event_source_mapping(
        EventSourceArn=stream,
        FunctionName=name,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "a"}})
    eventually(lambda: size(sandbox, url) == 1)


def test_a_topic_invokes_its_subscribers(sandbox: Sandbox, name: str, collected: Collected) -> None:
    sns = session(sandbox).client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}:live"
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="news", Subject="s")
    (event,) = eventually(collected)
    assert event["Records"][0]["Sns"]["Message"] == "news"
    assert event["Records"][0]["Sns"]["TopicArn"] == topic


def test_a_rule_of_eventbridge_invokes_its_targets(
    sandbox: Sandbox, name: str, collected: Collected
) -> None:
    events = session(sandbox).client("events")
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [f"test.{name}"]}))
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}:live"
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[{"Source": f"test.{name}", "DetailType": "t", "Detail": '{"n": 1}'}])
    (event,) = eventually(collected)
    assert event["detail"] == {"n": 1}


def test_a_bucket_invokes_the_function_it_notifies(
    sandbox: Sandbox, name: str, collected: Collected
) -> None:
    s3 = session(sandbox).client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}:live"
    s3.put_bucket_notification_configuration(
        Bucket=name,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
            ]
        },
    )
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    event = eventually(lambda: next((e for e in collected() if "Records" in e), None))
    assert event["Records"][0]["s3"]["object"]["key"] == "k"


def test_a_schedule_can_be_fired_at_once(sandbox: Sandbox, name: str, collected: Collected) -> None:
    events = session(sandbox).client("events")
    events.put_rule(Name=name, ScheduleExpression="cron(0 2 * * ? *)")
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}:live"
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    assert sandbox.ask(f"fire?name={name}", post=True) == {"fired": 1}
    (event,) = eventually(collected)
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")


def test_a_schedule_of_the_scheduler_carries_its_input(
    sandbox: Sandbox, name: str, collected: Collected
) -> None:
    scheduler = session(sandbox).client("scheduler")
    scheduler.create_schedule(
        Name=name,
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}:live",
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/service",
            "Input": '{"job": "nightly"}',
        },
    )
    sandbox.ask(f"fire?name={name}", post=True)
    assert eventually(collected) == [{"job": "nightly"}]
