"""How long the credentials of a session still last."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boto3 import Session

ASSUMED_SECONDS = 3300
"""Roles are assumed for an hour unless asked otherwise; five minutes of it may be gone."""


def seconds_left(session: Session, now: datetime) -> tuple[float | None, str]:
    """Seconds until the credentials run out (None: never), and how that is known."""
    credentials = session.get_credentials()
    if credentials is None:
        return 0.0, "there are none"
    if not credentials.token:
        return None, "long-lived keys"
    expiry = getattr(credentials, "_expiry_time", None)
    if expiry is None:
        expiry = _stated()
    if expiry is not None:
        return (expiry - now).total_seconds(), f"until {expiry:%H:%M:%S} UTC"
    return float(ASSUMED_SECONDS), "assumed, nothing states when they end"


def _stated() -> datetime | None:
    """What `AWS_CREDENTIAL_EXPIRATION` says, in UTC unless it says else; None if no time."""
    try:
        stated = datetime.fromisoformat(os.environ.get("AWS_CREDENTIAL_EXPIRATION", ""))
    except ValueError:
        return None
    return stated if stated.tzinfo else stated.replace(tzinfo=UTC)
