"""What Terraform says, read robustly: JSON between other lines, and streams of JSON messages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from common.errors import UnavailableError
from common.masking import mask

if TYPE_CHECKING:
    from collections.abc import Iterable


def parse_json(text: str, what: str) -> Any:
    """The one JSON document in `text`, whatever warnings stand before or after it.

    Raises:
        UnavailableError: There is none.
    """
    try:
        return json.loads(text)
    except ValueError:
        pass
    decoder = json.JSONDecoder()
    position = 0
    for line in text.splitlines(keepends=True):
        if line.lstrip()[:1] in {"{", "["}:
            start = position + len(line) - len(line.lstrip())
            try:
                return decoder.raw_decode(text, start)[0]
            except ValueError:
                pass
        position += len(line)
    shown = mask(text.strip()[:200]) or "nothing"
    raise UnavailableError(f"{what} gave no JSON but: {shown}")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error or a warning of Terraform."""

    severity: str
    summary: str
    detail: str = ""
    address: str | None = None
    place: str | None = None

    def __str__(self) -> str:
        where = f" ({self.place})" if self.place else ""
        about = f"{self.address}: " if self.address else ""
        detail = f"\n{self.detail}" if self.detail else ""
        return f"{about}{self.summary}{where}{detail}"


@dataclass(slots=True)
class Messages:
    """What a Terraform command with `-json` has said so far."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    created: dict[str, str] = field(default_factory=dict)
    finished: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[Diagnostic]:
        return [entry for entry in self.diagnostics if entry.severity == "error"]

    @property
    def warnings(self) -> list[Diagnostic]:
        return [entry for entry in self.diagnostics if entry.severity == "warning"]

    def take(self, line: str) -> str | None:
        """Read one line; what of it a person following along should see."""
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict) or "type" not in message:
            self.other.append(line)
            return line.strip() or None
        kind = message["type"]
        if kind == "diagnostic":
            return self._diagnostic(message.get("diagnostic") or {})
        if kind == "apply_complete":
            self._complete(message.get("hook") or {})
        shown = {"apply_start", "apply_progress", "apply_complete", "apply_errored"}
        return str(message.get("@message", "")) if kind in shown else None

    def _diagnostic(self, raw: dict[str, Any]) -> str | None:
        diagnostic = diagnostic_of(raw)
        if is_expected(diagnostic):
            return None
        self.diagnostics.append(diagnostic)
        return f"{diagnostic.severity}: {diagnostic}" if diagnostic.severity == "warning" else None

    def _complete(self, hook: dict[str, Any]) -> None:
        address = str((hook.get("resource") or {}).get("addr", ""))
        self.finished.append(address)
        if hook.get("action") == "create" and hook.get("id_value"):
            self.created[address] = str(hook["id_value"])


def read_messages(lines: Iterable[str]) -> Messages:
    """All that a log of JSON messages says."""
    messages = Messages()
    for line in lines:
        if line.strip():
            messages.take(line)
    return messages


def diagnostic_of(raw: dict[str, Any]) -> Diagnostic:
    """A diagnostic of Terraform's JSON, masked."""
    span = raw.get("range") or {}
    line = (span.get("start") or {}).get("line")
    return Diagnostic(
        severity=str(raw.get("severity", "error")),
        summary=mask(str(raw.get("summary", ""))),
        detail=mask(str(raw.get("detail", "")).strip()),
        address=raw.get("address"),
        place=f"{span['filename']}:{line}" if span.get("filename") else None,
    )


def is_expected(diagnostic: Diagnostic) -> bool:
    """Whether it only says that the lock table is deprecated, which is known and wanted here."""
    return diagnostic.severity == "warning" and "dynamodb_table" in diagnostic.detail
