"""Each message once: what was handled before is not handled again.

The records live in the service's own table, under keys that no entity uses, and expire.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from src.utils.config import setting
from src.utils.events import Message
from src.utils.idempotency_table import EXPIRES, PARTITION, SORT, VARIABLE

_CONFIG = IdempotencyConfig(expires_after_seconds=24 * 60 * 60, hash_function="sha256")


def register(context: LambdaContext) -> None:
    """Tell how much time is left, so that a message whose function died is tried again in time."""
    _CONFIG.register_lambda_context(context)


def once(handle: Callable[[Message], None], message: Message, *, name: str) -> None:
    """Call `handle`, unless this message was handled already under this name."""

    def tracked(*, message_id: str) -> None:
        del message_id
        handle(message)

    tracked.__qualname__ = name
    guarded = idempotent_function(
        tracked,
        data_keyword_argument="message_id",
        persistence_store=_store(name),
        config=_CONFIG,
    )
    guarded(message_id=message.id)


@lru_cache(maxsize=16)
def _store(name: str) -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(
        table_name=setting(VARIABLE),
        key_attr=PARTITION,
        sort_key_attr=SORT,
        static_pk_value=f"IDEMPOTENCY#{name}",
        expiry_attr=EXPIRES,
    )
