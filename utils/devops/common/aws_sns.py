"""SNS: messages to the people who run the platform."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from common.aws_call import Caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from boto3 import Session


class Topic:
    """One topic, by its name in an account and region."""

    def __init__(
        self,
        session: Session,
        name: str,
        account: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.arn = f"arn:aws:sns:{session.region_name}:{account}:{name}"
        self._call = Caller(session, "sns", sleep=sleep)

    def publish(self, subject: str, message: str) -> None:
        """Send a message; twice is harmless."""
        self._call("publish", TopicArn=self.arn, Subject=subject[:100], Message=message)
