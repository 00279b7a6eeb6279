"""DynamoDB: items with conditions, transactions, and on-demand backups."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from common.aws_call import AwsError, Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from boto3 import Session

Item = dict[str, str | int]


class ConditionFailedError(AwsError):
    """A condition did not hold: somebody else was there first, and nothing was written."""


@dataclass(frozen=True, slots=True)
class Put:
    """Write an item if `condition` (an expression over `values`) holds for the one there."""

    item: Item
    condition: str | None = None
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing; the transaction takes place only if `condition` holds for this key."""

    key: Item
    condition: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove an item if `condition` holds."""

    key: Item
    condition: str
    values: Mapping[str, str | int] = field(default_factory=dict)


class Table:
    """One table. Attributes are text or whole numbers; reads are strongly consistent."""

    def __init__(
        self, session: Session, name: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.name = name
        self._call = Caller(session, "dynamodb", sleep=sleep)

    def get(self, key: Item) -> Item | None:
        """The item, or None."""
        answer = self._call("get_item", TableName=self.name, Key=_packed(key), ConsistentRead=True)
        return _unpacked(answer["Item"]) if answer.get("Item") else None

    def query(self, partition: tuple[str, str], prefix: tuple[str, str]) -> Iterator[Item]:
        """The items of a partition whose sort key starts with the prefix, in order."""
        rows = self._call.pages(
            "query",
            "Items",
            TableName=self.name,
            ConsistentRead=True,
            KeyConditionExpression="#p = :p AND begins_with(#s, :s)",
            ExpressionAttributeNames={"#p": partition[0], "#s": prefix[0]},
            ExpressionAttributeValues=_packed({":p": partition[1], ":s": prefix[1]}),
        )
        return (_unpacked(row) for row in rows)

    def write(self, *actions: Put | Check | Delete) -> None:
        """Do all of it or nothing.

        An answer that was lost is not asked for again here: whoever calls reads back what is there.

        Raises:
            ConditionFailedError: A condition did not hold.
        """
        items = [self._action(action) for action in actions]
        try:
            self._call("transact_write_items", repeatable=False, TransactItems=items)
        except AwsError as error:
            if error.reason in {"TransactionCanceledException", "ConditionalCheckFailedException"}:
                conflict = "TransactionConflict" in error.message
                raise ConditionFailedError(
                    error.message, reason="conflict" if conflict else "condition"
                ) from error
            raise

    def _action(self, action: Put | Check | Delete) -> dict[str, Any]:
        if isinstance(action, Put):
            body: dict[str, Any] = {"Item": _packed(action.item)}
            kind = "Put"
        else:
            body = {"Key": _packed(action.key)}
            kind = "ConditionCheck" if isinstance(action, Check) else "Delete"
        if action.condition:
            body["ConditionExpression"] = action.condition
        if action.values:
            body["ExpressionAttributeValues"] = _packed(action.values)
        return {kind: {"TableName": self.name, **body}}


class Backups:
    """On-demand backups of tables."""

    def __init__(self, session: Session, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._call = Caller(session, "dynamodb", sleep=sleep)

    def ensure(self, table: str, name: str) -> str:
        """ARN of the table's backup of this name, made now unless it exists (idempotent)."""
        existing = self._find(table, name)
        if existing:
            return existing
        try:
            answer = self._call("create_backup", repeatable=False, TableName=table, BackupName=name)
        except AwsError as error:
            found = self._find(table, name) if error.uncertain else None
            if found is None:
                raise
            return found
        return str(answer["BackupDetails"]["BackupArn"])

    def is_available(self, arn: str) -> bool:
        """Whether the backup can be restored from."""
        answer = self._call("describe_backup", BackupArn=arn)
        return str(answer["BackupDescription"]["BackupDetails"]["BackupStatus"]) == "AVAILABLE"

    def _find(self, table: str, name: str) -> str | None:
        rows = self._call.pages("list_backups", "BackupSummaries", TableName=table)
        return next((str(row["BackupArn"]) for row in rows if row["BackupName"] == name), None)


def _packed(item: Mapping[str, str | int]) -> dict[str, Any]:
    return {k: {"N": str(v)} if isinstance(v, int) else {"S": v} for k, v in item.items()}


def _unpacked(item: Mapping[str, Any]) -> Item:
    return {k: int(v["N"]) if "N" in v else str(v.get("S", "")) for k, v in item.items()}
