"""The state bucket as the place where seals are kept: registered, countersigned, used once.

Beside the state of a repository lie, for each workspace:

- `plans/current.json`, the record of the newest plan: an older one can no longer be applied, on
  whichever machine it lies;
- `plans/<seal>.used`, written once and never overwritten: whoever writes it may apply;
- `plans/<seal>.tfplan`, the plan itself, only while it is handed from one machine to another.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from common.aws_call import AwsError, Caller
from common.errors import RefusedError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boto3 import Session

_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})
_DENIED = frozenset({"AccessDenied", "403"})


class Vault:
    """The plans of one repository's state in an environment's state bucket."""

    def __init__(self, session: Session, bucket: str, state_key: str) -> None:
        self.bucket = bucket
        self.state_key = state_key
        folder = state_key.rpartition("/")[0]
        self._prefix = f"{folder}/plans" if folder else "plans"
        self._call = Caller(session, "s3")

    def state(self) -> dict[str, Any] | None:
        """The state as it is now; None before the first apply.

        Raises:
            UnavailableError: It is there but cannot be read.
        """
        content = self._get(self.state_key)
        if content is None:
            return None
        try:
            parsed = json.loads(content)
        except ValueError as error:
            raise UnavailableError(
                f"the state s3://{self.bucket}/{self.state_key} is no JSON",
                hint="restore an earlier version of that object; the bucket keeps them all",
            ) from error
        return parsed if isinstance(parsed, dict) else {}

    def raw_state(self) -> bytes | None:
        """The state's very bytes."""
        return self._get(self.state_key)

    def register(self, document: Mapping[str, Any]) -> bool:
        """Make this the newest plan, and older parcels go; False where we may only read."""
        try:
            self._put(self._current, json.dumps(document, indent=2).encode())
        except AwsError as error:
            if error.reason in _DENIED:
                return False
            raise
        for key in self._parcels():
            self._call("delete_object", Bucket=self.bucket, Key=key)
        return True

    def registered(self) -> dict[str, Any] | None:
        """The record of the newest plan, None when there never was one."""
        content = self._get(self._current)
        return _document(content) if content is not None else None

    def claim(self, seal: str, claim: Mapping[str, Any]) -> None:
        """Take the one use of a seal.

        Raises:
            RefusedError: It was taken before, by whom and when.
        """
        key = self._claim_key(seal)
        body = json.dumps(claim, indent=2).encode()
        try:
            self._put(key, body, only_new=True)
        except AwsError as error:
            if error.reason not in _TAKEN:
                raise
            earlier = self.claim_of(seal) or {}
            raise RefusedError(
                f"this plan was applied before, or is being applied: by {earlier.get('by', '?')} "
                f"on {earlier.get('host', '?')} at {earlier.get('at', '?')}",
                hint="a plan serves once; plan again",
            ) from error

    def claim_of(self, seal: str) -> dict[str, Any] | None:
        """Who took a seal."""
        content = self._get(self._claim_key(seal))
        return _document(content) if content is not None else None

    def note_end(self, seal: str, claim: Mapping[str, Any]) -> None:
        """Write into a claim of ours how its apply ended."""
        self._put(self._claim_key(seal), json.dumps(claim, indent=2).encode())

    def send(self, seal: str, plan: bytes) -> str:
        """Put the plan itself into the bucket, encrypted; where it lies."""
        key = self._parcel_key(seal)
        self._put(key, plan)
        head = self._call("head_object", Bucket=self.bucket, Key=key)
        if not head.get("ServerSideEncryption"):
            self.drop(seal)
            raise RefusedError(f"the bucket {self.bucket!r} did not encrypt the plan")
        return f"s3://{self.bucket}/{key}"

    def fetch(self, seal: str) -> bytes | None:
        """The plan that was sent, None when it was not, or was used."""
        return self._get(self._parcel_key(seal))

    def drop(self, seal: str) -> None:
        """Delete the plan that was sent, in every version of it."""
        key = self._parcel_key(seal)
        listed = self._call("list_object_versions", Bucket=self.bucket, Prefix=key)
        for version in listed.get("Versions", []):
            self._call("delete_object", Bucket=self.bucket, Key=key, VersionId=version["VersionId"])

    @property
    def _current(self) -> str:
        return f"{self._prefix}/current.json"

    def _claim_key(self, seal: str) -> str:
        return f"{self._prefix}/{seal}.used"

    def _parcel_key(self, seal: str) -> str:
        return f"{self._prefix}/{seal}.tfplan"

    def _parcels(self) -> list[str]:
        pages = self._call.pages(
            "list_objects_v2", "Contents", Bucket=self.bucket, Prefix=f"{self._prefix}/"
        )
        return [str(row["Key"]) for row in pages if str(row["Key"]).endswith(".tfplan")]

    def _get(self, key: str) -> bytes | None:
        try:
            answer = self._call("get_object", Bucket=self.bucket, Key=key)
        except AwsError as error:
            if error.reason in _MISSING:
                return None
            if error.reason == "NoSuchBucket":
                raise _no_bucket(self.bucket) from error
            raise
        content: bytes = answer["Body"].read()
        return content

    def _put(self, key: str, content: bytes, *, only_new: bool = False) -> None:
        condition = {"IfNoneMatch": "*"} if only_new else {}
        try:
            self._call(
                "put_object",
                repeatable=not only_new,
                Bucket=self.bucket,
                Key=key,
                Body=content,
                ServerSideEncryption="AES256",
                **condition,
            )
        except AwsError as error:
            if error.reason == "NoSuchBucket":
                raise _no_bucket(self.bucket) from error
            raise


def _document(content: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(content)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _no_bucket(bucket: str) -> UnavailableError:
    return UnavailableError(
        f"there is no state bucket {bucket!r}", hint="terraform_cli.py bootstrap creates it"
    )
