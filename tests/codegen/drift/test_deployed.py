"""What is deployed, as AWS says it, against what the design asks for."""

from __future__ import annotations

import io
import zipfile

import boto3
import pytest
from moto import mock_aws

from codegen.drift.compare import Place, State, compare
from codegen.drift.deployed import Account
from codegen.drift.facts import Column
from codegen.drift.infrastructure import deployment
from codegen.drift.trees import generated_tree
from codegen.views.service_view import view_service
from tests.codegen.builders import make_design

pytestmark = pytest.mark.e2e

TAGS = {"Service": "order", "Environment": "dev"}
REGION = "eu-west-1"


@pytest.fixture(scope="module")
def tree():
    return generated_tree(view_service(make_design()))


@pytest.fixture
def aws(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.Session(region_name=REGION)


@pytest.fixture
def deployed(aws, tree):
    """Everything that Terraform would make of the design, and nothing else."""
    names = deployment(tree)
    for name in names.functions.values():
        make_function(aws, in_dev(name))
    for name in names.tables.values():
        make_table(aws, in_dev(name), "ByIdIndex")
    make_api(aws, in_dev(names.apis[0]))
    rows = compare(make_design(), tree, "r").rows
    for row in rows:
        if row.thing.kind == "alarm":
            make_alarm(aws, in_dev(row.thing.name), "nothing")
    return aws


def in_dev(name):
    return name.replace("{env}", "dev")


def make_function(aws, name, tags=TAGS):
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "")
    role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]
    aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role["Arn"],
        Handler="handler.handler",
        Code={"ZipFile": code.getvalue()},
        Tags=tags,
    )


def make_table(aws, name, *indexes):
    schema = [{"AttributeName": "PK", "KeyType": "HASH"}]
    found = {
        "GlobalSecondaryIndexes": [
            {"IndexName": one, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}
            for one in indexes
        ]
    }
    aws.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
        KeySchema=schema,
        Tags=[{"Key": key, "Value": value} for key, value in TAGS.items()],
        **(found if indexes else {}),
    )


def make_api(aws, name):
    client = aws.client("apigateway")
    api = client.create_rest_api(name=name)["id"]
    made = {"": client.get_resources(restApiId=api)["items"][0]["id"]}
    for endpoint in make_design().endpoints:
        path = ""
        for part in endpoint.path.strip("/").split("/"):
            above, path = path, f"{path}/{part}"
            if path not in made:
                made[path] = client.create_resource(
                    restApiId=api, parentId=made[above], pathPart=part
                )["id"]
        client.put_method(
            restApiId=api,
            resourceId=made[path],
            httpMethod=endpoint.method,
            authorizationType="NONE",
        )
    return api, made


def make_alarm(aws, name, function):
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )


def drifted(aws, tree):
    report = compare(make_design(), tree, "r", Place("dev", Account(aws)))
    return {(one.thing.kind.value, one.title): one for one in report.drifted}


def test_what_is_deployed_as_designed_has_not_drifted(deployed, tree):
    assert drifted(deployed, tree) == {}


def test_an_empty_account_lacks_everything(aws, tree):
    found = drifted(aws, tree)
    assert {kind for kind, _ in found} == {"function", "route", "table", "index", "alarm"}
    assert all(one.missing == (Column.DEPLOYED,) for one in found.values())


def test_a_function_that_is_gone(deployed, tree):
    deployed.client("lambda").delete_function(FunctionName="bbws-order-create-order-dev")
    assert set(drifted(deployed, tree)) == {("function", "create_order")}


def test_a_function_that_nobody_designed_is_found_by_its_tags(deployed, tree):
    make_function(deployed, "made-by-hand")
    found = drifted(deployed, tree)
    assert found["function", "made-by-hand"].state is State.UNDESIGNED
    assert len(found) == 1


def test_a_function_of_another_service_is_none_of_ours(deployed, tree):
    make_function(deployed, "other", {"Service": "cart", "Environment": "dev"})
    make_function(deployed, "older", {"Service": "order", "Environment": "sit"})
    assert drifted(deployed, tree) == {}


def test_a_designed_function_that_lost_its_tags_is_still_seen(deployed, tree):
    client = deployed.client("lambda")
    name = "bbws-order-create-order-dev"
    arn = client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    client.untag_resource(Resource=arn, TagKeys=list(TAGS))
    assert drifted(deployed, tree) == {}


def test_a_table_without_its_index(deployed, tree):
    client = deployed.client("dynamodb")
    client.delete_table(TableName="bbws-orders-dev")
    make_table(deployed, "bbws-orders-dev", "Other")
    found = drifted(deployed, tree)
    assert found["index", "bbws-orders-{env} / ByIdIndex"].missing == (Column.DEPLOYED,)
    assert found["index", "bbws-orders-{env} / Other"].state is State.UNDESIGNED


def test_a_table_that_nobody_designed(deployed, tree):
    make_table(deployed, "by-hand")
    assert set(drifted(deployed, tree)) == {("table", "by-hand")}


def test_a_route_that_is_gone_and_one_that_nobody_designed(deployed, tree):
    client = deployed.client("apigateway")
    api = client.get_rest_apis()["items"][0]["id"]
    resources = client.get_resources(restApiId=api)["items"]
    one = next(row for row in resources if row["path"] == "/v1.0/orders/{orderId}")
    client.delete_method(restApiId=api, resourceId=one["id"], httpMethod="GET")
    client.put_method(
        restApiId=api, resourceId=one["id"], httpMethod="PATCH", authorizationType="NONE"
    )
    found = drifted(deployed, tree)
    assert set(found) == {
        ("route", "GET /v1.0/orders/{orderId}"),
        ("route", "PATCH /v1.0/orders/{}"),
    }


def test_an_alarm_that_is_gone_and_one_that_nobody_designed(deployed, tree):
    deployed.client("cloudwatch").delete_alarms(AlarmNames=["bbws-order-create-order-dev-errors"])
    make_alarm(deployed, "by-hand", "bbws-order-create-order-dev")
    make_alarm(deployed, "of-another-service", "bbws-cart-add-dev")
    assert set(drifted(deployed, tree)) == {
        ("alarm", "bbws-order-create-order-{env}-errors"),
        ("alarm", "by-hand"),
    }
