"""Changes as data, and the two things to do with them: print them, or make them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from common.errors import DevopsError
from common.github_errors import GitHubError
from common.output import note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from common.github import GitHub


_REFUSALS = frozenset({403, 422})


class Verb(StrEnum):
    """What happens to a thing."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """One change and the one request that makes it.

    `details` are for people (`wait timer: 0 → 5 min`); what a body holds that is secret is never
    in them. `protects` names what stands open as long as this change is not made. An `optional` one
    is wanted where the owner's plan has it: a refusal of GitHub is told, and ends nothing.
    """

    verb: Verb
    what: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    details: tuple[str, ...] = ()
    protects: str | None = None
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.verb.value} {self.what}"


class ChangeError(DevopsError):
    """A change could not be made: which one, what is done, what is left and what stands open."""

    def __init__(
        self, cause: DevopsError, change: Change, done: Sequence[Change], left: Sequence[Change]
    ) -> None:
        opened = [c.protects for c in (change, *left) if c.protects]
        unprotected = f" — NOT protected: {', '.join(dict.fromkeys(opened))}" if opened else ""
        super().__init__(
            f"{change}: {cause.message} ({len(done)} changes made, {len(left) + 1} not)"
            f"{unprotected}",
            hint=cause.hint or "the same command again goes on from here",
        )
        self.exit_code = cause.exit_code
        self.code = cause.code


class Executor(Protocol):
    """What a command hands its plan to."""

    dry_run: bool
    refused: dict[str, str]
    """Optional changes that GitHub refused, in words, and its reason."""

    def run(self, changes: Sequence[Change]) -> list[dict[str, Any]]:
        """Print or make the changes, in order, and return GitHub's answers to them."""
        ...


class Printer:
    """The dry run: makes none of the changes, which are then printed as the result."""

    dry_run = True

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}

    def run(self, changes: Sequence[Change]) -> list[dict[str, Any]]:
        return [{} for _ in changes]


class Applier:
    """Makes each change and says so."""

    dry_run = False

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self.refused: dict[str, str] = {}

    def run(self, changes: Sequence[Change]) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = []
        for position, change in enumerate(changes):
            try:
                answer = self._github.request(change.method, change.path, body=change.body).body
            except DevopsError as error:
                if change.optional and isinstance(error, GitHubError) and error.status in _REFUSALS:
                    self.refused[str(change)] = error.reason or str(error.status)
                    answers.append({})
                    continue
                left = changes[position + 1 :]
                raise ChangeError(error, change, changes[:position], left) from error
            note(str(change))
            answers.append(answer if isinstance(answer, dict) else {})
        return answers


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did, or in a dry run would do, to one repository."""

    repository: str
    url: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    dry_run: bool = False

    def to_json(self) -> dict[str, Any]:
        """The document for `--output json`: no request bodies, since some hold secrets."""
        return {
            "ok": True,
            "repository": self.repository,
            "url": self.url,
            "dry_run": self.dry_run,
            "changes": shown(self.changes),
            "notes": list(self.notes),
        }

    def to_text(self) -> str:
        """The same for people."""
        would = "would " if self.dry_run else ""
        lines = [self.url or self.repository]
        for change in self.changes:
            lines.append(f"  {would}{change}")
            lines += [f"      {line}" for line in change.details]
        if not self.changes:
            lines.append("  nothing to change: it is as it has to be")
        return "\n".join([*lines, *(f"  note: {line}" for line in self.notes)])


def carried_out(
    executor: Executor, changes: Sequence[Change]
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """The changes that GitHub took, and a line for each that it refused."""
    refused = {str(change) for change in changes} & set(executor.refused)
    lines = [f"NOT applied: {what}: {executor.refused[what]}" for what in sorted(refused)]
    return tuple(change for change in changes if str(change) not in refused), tuple(lines)


def shown(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """The changes as plain data."""
    return [
        {"change": change.verb.value, "what": change.what, "details": list(change.details)}
        for change in changes
    ]


def differences(pairs: Mapping[str, tuple[object, object]]) -> tuple[str, ...]:
    """`name: now → wanted` for the pairs that differ."""
    return tuple(
        f"{name}: {_word(now)} → {_word(wanted)}"
        for name, (now, wanted) in pairs.items()
        if now != wanted
    )


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple | frozenset | set | list):
        return ", ".join(sorted(map(str, value))) or "none"
    return "not set" if value is None else str(value)
