"""DynamoDB transactions that cost what they touch, and of which one takes place at a time.

Moto copies whole tables, item by item, before each transaction, and puts the copies back when a
condition does not hold: what another thread wrote meanwhile would be gone.
"""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import DynamoDBBackend

if TYPE_CHECKING:
    from moto.dynamodb.models.table import Table

_one_at_a_time = threading.RLock()
_here = threading.local()


class SandboxDynamoDBBackend(DynamoDBBackend):
    """One account's DynamoDB in one region."""

    @property
    def _url_module(self) -> Any:
        import moto.dynamodb.urls as urls

        return urls

    def transact_write_items(self, transact_items: list[dict[str, Any]]) -> None:
        """All of it or nothing."""
        with _one_at_a_time:
            before = [found for found in map(self._updated, transact_items) if found]
            _here.in_transaction = True
            try:
                super().transact_write_items(transact_items)
            except BaseException:
                for name, key, item in before:
                    self._put_back(name, key, item)
                raise
            finally:
                _here.in_transaction = False

    def _updated(self, action: dict[str, Any]) -> tuple[str, dict[str, Any], Any] | None:
        """What an update would change in place: the one thing that a shared copy does not keep."""
        wanted = action.get("Update")
        if wanted is None or wanted.get("TableName") not in self.tables:
            return None
        name, key = wanted["TableName"], wanted["Key"]
        return name, key, copy.deepcopy(self.get_item(name, key))

    def _put_back(self, name: str, key: dict[str, Any], item: Any) -> None:
        found = self.get_item(name, key)
        if found is not None and item is not None:
            found.attrs = item.attrs


def copy_of(table: Table, memo: dict[int, Any]) -> Table:
    """A copy of a table: whole for a backup, with the same items for a transaction.

    A transaction's puts and deletes replace items, so such a copy stays what the table was.
    """
    made = copy.copy(table)
    memo[id(table)] = made
    if not getattr(_here, "in_transaction", False):
        vars(made).update({name: copy.deepcopy(v, memo) for name, v in vars(table).items()})
        return made
    made.items = copy.copy(table.items)
    for key, value in table.items.items():
        if isinstance(value, dict):
            made.items[key] = dict(value)
    if table.stream_shard is not None:
        made.stream_shard = copy.copy(table.stream_shard)
        made.stream_shard.items = list(table.stream_shard.items)
        made.stream_shard.table = made
    return made
