"""DynamoDB's transactions in the sandbox: whole or not at all, and backups that stay what they are."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.control import Sandbox
from tests.sandbox.support import session


@pytest.fixture
def table(sandbox: Sandbox, name: str) -> Any:
    """A table with the items a and b."""
    made = (
        session(sandbox)
        .resource("dynamodb")
        .create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    )
    for key in "ab":
        made.put_item(Item={"pk": key, "value": "old"})
    return made


def contents(table: Any) -> dict[str, str]:
    return {row["pk"]: row["value"] for row in table.scan()["Items"]}


def update(table: Any, key: str) -> dict[str, Any]:
    return {
        "TableName": table.name, "Key": {"pk": key}, "UpdateExpression": "SET #v = :new",
        "ExpressionAttributeNames": {"#v": "value"}, "ExpressionAttributeValues": {":new": "new"},
    }  # fmt: skip


def test_a_transaction_that_fails_has_changed_nothing(table: Any) -> None:
    absent = {"ConditionExpression": "attribute_not_exists(pk)"}
    with pytest.raises(ClientError, match="TransactionCanceled"):
        table.meta.client.transact_write_items(
            TransactItems=[
                {"Update": update(table, "a")},
                {"Put": {"TableName": table.name, "Item": {"pk": "c", "value": "new"}}},
                {"Delete": {"TableName": table.name, "Key": {"pk": "b"}, **absent}},
            ]
        )
    assert contents(table) == {"a": "old", "b": "old"}


def test_a_transaction_that_succeeds_has_changed_all(table: Any) -> None:
    table.meta.client.transact_write_items(
        TransactItems=[
            {"Update": update(table, "a")},
            {"Put": {"TableName": table.name, "Item": {"pk": "c", "value": "new"}}},
            {"Delete": {"TableName": table.name, "Key": {"pk": "b"}}},
        ]
    )
    assert contents(table) == {"a": "new", "c": "new"}


def test_a_backup_is_not_changed_by_what_comes_later(table: Any) -> None:
    client = table.meta.client
    made = client.create_backup(TableName=table.name, BackupName="before")
    table.update_item(**{k: v for k, v in update(table, "a").items() if k != "TableName"})
    client.restore_table_from_backup(
        TargetTableName=f"{table.name}-back", BackupArn=made["BackupDetails"]["BackupArn"]
    )
    other = session_table(table, f"{table.name}-back")
    assert contents(other) == {"a": "old", "b": "old"}


def session_table(table: Any, name: str) -> Any:
    """Another table of the same account."""
    return type(table)(name, client=table.meta.client)
