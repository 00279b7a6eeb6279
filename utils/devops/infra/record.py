"""The record of a reviewed plan, and its seal: one digest over all that the plan is bound to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from common.errors import RefusedError
from infra.folder import Folder, write_private

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 2


@dataclass(frozen=True, slots=True)
class Counts:
    """How many resources a plan touches, by what happens to them."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    forget: int = 0
    outputs: int = 0

    @property
    def any(self) -> bool:
        return any(asdict(self).values())


@dataclass(frozen=True, slots=True)
class Loss:
    """A stateful resource that the plan destroys or replaces."""

    address: str
    action: str


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """All that a saved plan is bound to. Digests are SHA-256, times are ISO 8601 in UTC."""

    environment: str
    account: str
    region: str
    repository: str
    workspace: str
    destroys_all: bool
    commit: str | None
    dirty: bool
    base: str
    base_tip: str | None
    configuration: str
    variables: str | None
    provider_lock: str | None
    artifacts: tuple[tuple[str, str], ...]
    lineage: str
    serial: int
    plan: str
    terraform: str
    created: str
    expires: str
    by: str
    counts: Counts
    losses: tuple[Loss, ...]
    nonce: str
    """Tells plans apart that were made of the same, in the same second."""
    format: int = FORMAT

    @property
    def seal(self) -> str:
        """The digest that changes with any field."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def expired(self, now: datetime) -> bool:
        return now >= datetime.fromisoformat(self.expires)

    def to_json(self) -> dict[str, Any]:
        """The record with its seal, as it is saved and registered."""
        return {"record": asdict(self), "seal": self.seal}


def from_json(document: Any) -> PlanRecord:
    """The record of a saved document.

    Raises:
        RefusedError: It is no record, of another format, or not what was sealed.
    """
    again = "plan again with terraform_cli.py plan"
    try:
        raw = dict(document["record"])
        raw["artifacts"] = tuple((name, digest) for name, digest in raw["artifacts"])
        raw["counts"] = Counts(**raw["counts"])
        raw["losses"] = tuple(Loss(**loss) for loss in raw["losses"])
        record = PlanRecord(**raw)
        datetime.fromisoformat(record.expires)
        seal = document["seal"]
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError("the plan's record cannot be read", hint=again) from error
    if record.format != FORMAT:
        raise RefusedError("the plan's record is of another version of this tool", hint=again)
    if seal != record.seal:
        raise RefusedError("the plan's record was changed after it was sealed", hint=again)
    return record


def save(folder: Folder, record: PlanRecord) -> None:
    """Keep the record beside the plan."""
    content = json.dumps(record.to_json(), indent=2).encode()
    write_private(folder.record_file, content)


def load(folder: Folder) -> PlanRecord | None:
    """The record beside the saved plan; None when either is missing.

    Raises:
        RefusedError: The record cannot be trusted.
    """
    if not folder.plan_file.is_file() or not folder.record_file.is_file():
        return None
    return from_json(_document(folder.record_file))


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RefusedError(
            f"the plan's record {path.name!r} cannot be read", hint="plan again"
        ) from error
