"""The current time and new identifiers: the two things tests like to hold still."""

from __future__ import annotations

import datetime as dt
import uuid


def now() -> dt.datetime:
    """The current moment in UTC, to the millisecond."""
    moment = dt.datetime.now(dt.UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def timestamp(moment: dt.datetime) -> str:
    """ISO 8601 text of a moment, in UTC with a `Z`; a moment without a zone is in UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    precision = "microseconds" if aware.microsecond % 1000 else "milliseconds"
    return aware.astimezone(dt.UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def new_id() -> str:
    """A new random identifier (UUID, version 4)."""
    return str(uuid.uuid4())
