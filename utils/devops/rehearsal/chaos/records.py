"""What has to be undone, kept in the artifact bucket from before the fault until after its undoing.

A record holds names and numbers only, never the value of a variable.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from common.errors import UnavailableError

if TYPE_CHECKING:
    from deploy.packaging.artifacts import Objects


@dataclass(frozen=True, slots=True)
class Record:
    """How to undo one fault; `kind` names the class that knows how."""

    id: str
    experiment: str
    kind: str
    at: str
    by: str
    details: Mapping[str, str]


class Remembering(Protocol):
    """Keeps records; all of it can be repeated."""

    def keep(self, record: Record) -> None: ...

    def forget(self, record: Record) -> None: ...

    def all(self) -> list[Record]: ...


class BucketRecords:
    """Records below `chaos/<service>/` of a bucket."""

    def __init__(self, bucket: Objects, service: str) -> None:
        self._bucket = bucket
        self._prefix = f"chaos/{service}/"

    def keep(self, record: Record) -> None:
        """Write the record; it is there when this returns."""
        content = json.dumps(asdict(record), indent=2).encode()
        self._bucket.put(self._key(record), content, content_type="application/json")
        if self._bucket.get(self._key(record)) != content:
            raise UnavailableError(
                f"the undo record in bucket {self._bucket.name!r} is not as it was written",
                hint="no fault was made",
            )

    def forget(self, record: Record) -> None:
        """Remove the record of a fault that is undone."""
        self._bucket.remove(self._key(record))

    def all(self) -> list[Record]:
        """What is not undone yet, oldest first."""
        found = []
        for key in self._bucket.keys(self._prefix):
            content = self._bucket.get(key)
            if content is not None:
                found.append(_read(key, content))
        return sorted(found, key=lambda record: record.at)

    def _key(self, record: Record) -> str:
        return f"{self._prefix}{record.id}.json"


def _read(key: str, content: bytes) -> Record:
    try:
        return Record(**json.loads(content))
    except (ValueError, TypeError) as error:
        raise UnavailableError(f"the undo record {key!r} cannot be read: {error}") from error
