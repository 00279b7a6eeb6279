"""S3 objects: artifacts and records, written once and read with their digest."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from common.aws_call import AwsError, Caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from boto3 import Session

_READS = 3


class Bucket:
    """One bucket."""

    def __init__(
        self, session: Session, name: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.name = name
        self._call = Caller(session, "s3", sleep=sleep)

    def get(self, key: str) -> bytes | None:
        """The object's content, or None; one that breaks off on the way is asked for again.

        Raises:
            AwsError: It breaks off every time.
        """
        from botocore.exceptions import BotoCoreError

        problem = ""
        for _ in range(_READS):
            try:
                answer = self._call("get_object", Bucket=self.name, Key=key)
                content: bytes = answer["Body"].read()
            except AwsError as error:
                if error.is_missing:
                    return None
                raise
            except BotoCoreError as error:
                problem = str(error)
                continue
            return content
        raise AwsError(f"s3 get_object {key!r}: {problem}", reason="BrokenOff", uncertain=True)

    def has(self, key: str) -> bool:
        """Whether the object exists."""
        try:
            self._call("head_object", Bucket=self.name, Key=key)
        except AwsError as error:
            if error.is_missing:
                return False
            raise
        return True

    def version(self, key: str) -> str:
        """The id of the object's current version; empty without object or versions."""
        try:
            answer = self._call("head_object", Bucket=self.name, Key=key)
        except AwsError as error:
            if error.is_missing or error.reason == "NoSuchBucket":
                return ""
            raise
        return str(answer.get("VersionId", ""))

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        """Write the object."""
        self._call("put_object", Bucket=self.name, Key=key, Body=content, ContentType=content_type)

    def keys(self, prefix: str) -> list[str]:
        """The keys that start with `prefix`."""
        rows = self._call.pages("list_objects_v2", "Contents", Bucket=self.name, Prefix=prefix)
        return [str(row["Key"]) for row in rows]

    def remove(self, key: str) -> None:
        """Delete the object; one that is gone already is fine."""
        self._call("delete_object", Bucket=self.name, Key=key)
