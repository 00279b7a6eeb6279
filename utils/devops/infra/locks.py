"""The lock of a state: who holds it, since when, whether they still work, and how to break it.

A lock is an object beside the state, an item in the lock table, or both. Breaking it needs its
exact ID, a minimum age, and a holder that is not at work; nothing ever breaks one by itself.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.aws_call import AwsError, Caller
from common.errors import RefusedError

if TYPE_CHECKING:
    from boto3 import Session

    from infra.backend import Backend

_GONE = frozenset({"NoSuchKey", "404", "NotFound", "ResourceNotFoundException", "NoSuchBucket"})


class Activity(Enum):
    """Whether the run that took a lock is still at work."""

    ACTIVE = "still running"
    ENDED = "no longer running"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Lock:
    """A held lock. `token` is what must not have changed when it is broken."""

    id: str
    operation: str
    who: str
    created: datetime
    place: str
    token: str

    @property
    def host(self) -> str:
        return self.who.rpartition("@")[2]

    def age(self, now: datetime) -> timedelta:
        return max(now - self.created, timedelta(0))


class Locks:
    """The locks of one state."""

    def __init__(self, session: Session, backend: Backend, workspace: str = "default") -> None:
        self._key = backend.state_key(workspace)
        self._bucket = backend.bucket
        self._table = backend.lock_table
        self._s3 = Caller(session, "s3")
        self._dynamodb = Caller(session, "dynamodb") if backend.lock_table else None

    def held(self) -> list[Lock]:
        """Every lock there is on the state."""
        return [lock for lock in (self._file(), self._item()) if lock is not None]

    def break_(self, lock: Lock) -> None:
        """Remove this very lock; one that changed hands meanwhile stays.

        Raises:
            RefusedError: It is another lock by now.
        """
        if lock.place == "table":
            self._remove_item(lock)
            return
        current = self._file()
        if current is None:
            return
        if current.token != lock.token:
            raise _changed(lock)
        self._s3("delete_object", Bucket=self._bucket, Key=f"{self._key}.tflock")

    def _file(self) -> Lock | None:
        try:
            answer = self._s3("get_object", Bucket=self._bucket, Key=f"{self._key}.tflock")
        except AwsError as error:
            if error.reason in _GONE:
                return None
            raise
        return _lock(answer["Body"].read().decode("utf-8", "replace"), "file")

    def _item(self) -> Lock | None:
        if self._dynamodb is None:
            return None
        try:
            answer = self._dynamodb(
                "get_item",
                TableName=self._table,
                Key={"LockID": {"S": f"{self._bucket}/{self._key}"}},
                ConsistentRead=True,
            )
        except AwsError as error:
            if error.reason in _GONE:
                return None
            raise
        info = ((answer.get("Item") or {}).get("Info") or {}).get("S")
        return _lock(info, "table") if info else None

    def _remove_item(self, lock: Lock) -> None:
        assert self._dynamodb is not None
        try:
            self._dynamodb(
                "delete_item",
                TableName=self._table,
                Key={"LockID": {"S": f"{self._bucket}/{self._key}"}},
                ConditionExpression="Info = :info OR attribute_not_exists(LockID)",
                ExpressionAttributeValues={":info": {"S": lock.token}},
            )
        except AwsError as error:
            if error.reason == "ConditionalCheckFailedException":
                raise _changed(lock) from error
            raise

    def digest_item(self) -> str | None:
        """The MD5 that the lock table keeps of the state."""
        if self._dynamodb is None:
            return None
        answer = self._dynamodb(
            "get_item", TableName=self._table, Key=self._digest_key, ConsistentRead=True
        )
        found = ((answer.get("Item") or {}).get("Digest") or {}).get("S")
        return str(found) if found else None

    def write_digest(self, digest: str) -> None:
        """Make the lock table agree with the state object."""
        assert self._dynamodb is not None
        self._dynamodb(
            "put_item",
            TableName=self._table,
            Item={**self._digest_key, "Digest": {"S": digest}},
        )

    @property
    def _digest_key(self) -> dict[str, Any]:
        return {"LockID": {"S": f"{self._bucket}/{self._key}-md5"}}


def _changed(lock: Lock) -> RefusedError:
    return RefusedError(
        f"the lock {lock.id} is not there any more: somebody else holds it now",
        hint="look again with terraform_cli.py unlock without --lock-id",
    )


def _lock(info: str, place: str) -> Lock:
    try:
        raw = json.loads(info)
    except ValueError:
        raw = {}
    raw = raw if isinstance(raw, dict) else {}
    return Lock(
        id=str(raw.get("ID", "")),
        operation=str(raw.get("Operation", "")).removeprefix("OperationType"),
        who=str(raw.get("Who", "somebody")),
        created=_moment(str(raw.get("Created", ""))),
        place=place,
        token=info,
    )


def _moment(text: str) -> datetime:
    """A time as Go writes it, with nanoseconds; the beginning of time when it is none."""
    head, _, fraction = text.rstrip("Z").partition(".")
    try:
        moment = datetime.fromisoformat(head).replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return moment + timedelta(seconds=float(f"0.{fraction}") if fraction.isdigit() else 0)


def local_activity(lock: Lock, folder: Path) -> Activity:
    """Whether a Terraform that may hold the lock runs on this machine."""
    if lock.host != socket.gethostname():
        return Activity.UNKNOWN
    processes = Path("/proc")
    if not (processes / "self").exists():
        return Activity.UNKNOWN
    for process in processes.iterdir():
        if process.name.isdigit() and _works_in(process, folder):
            return Activity.ACTIVE
    return Activity.ENDED


def _works_in(process: Path, folder: Path) -> bool:
    try:
        words = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        # A provider outlives a killed Terraform for a moment; it holds no lock.
        name = Path(words[0]).name
        if not name.startswith("terraform") or name.startswith("terraform-provider"):
            return False
        return (process / "cwd").readlink() == folder
    except OSError:
        return False


def age_text(age: timedelta) -> str:
    """`45 s`, `12 min` or `3 h 5 min`."""
    seconds = int(age.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def explain(locks: list[Lock], command: str, now: datetime) -> tuple[str, str]:
    """The message and the hint for somebody who met these locks."""
    lock = locks[0]
    places = " and ".join(sorted({"lock " + entry.place for entry in locks}))
    message = (
        f"the state is locked by {lock.who} since {lock.created:%Y-%m-%d %H:%M:%S} UTC "
        f"({age_text(lock.age(now))} ago, {lock.operation or 'an operation'}; "
        f"ID {lock.id}; {places})"
    )
    hint = f"wait for it; if that run is dead for certain: {command} --lock-id {lock.id}"
    return message, hint
