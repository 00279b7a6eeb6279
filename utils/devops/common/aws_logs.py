"""CloudWatch Logs: the lines that say why something failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from common.aws_call import AwsError, Caller

if TYPE_CHECKING:
    from boto3 import Session


class Logs:
    """The log groups of one account and region."""

    def __init__(self, session: Session, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._call = Caller(session, "logs", sleep=sleep)

    def errors(self, function: str, since: datetime, *, limit: int = 20) -> list[str]:
        """Lines of a function's log since a moment that look like errors; none without a log."""
        try:
            answer = self._call(
                "filter_log_events",
                logGroupName=f"/aws/lambda/{function}",
                startTime=int(since.timestamp() * 1000),
                filterPattern='?ERROR ?Error ?Traceback ?"Task timed out"',
                limit=limit,
            )
        except AwsError as error:
            if error.is_missing:
                return []
            raise
        return [str(event.get("message", "")).strip() for event in answer.get("events", [])][:limit]
