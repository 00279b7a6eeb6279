"""`setup-from-lld`: what a design says of its repository, the run of the six steps, its report."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.errors import UsageProblemError
from repository import settings
from repository.changes import shown
from repository.generating import Generate, generate
from repository.policy import policy
from repository.setup_facts import Order
from repository.setup_steps import Setup, Show, Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lld.model import Design
    from repository.target import Target

_TITLE_WORDS = re.compile(r"\b(?:low[- ]level design|LLD)\b[:\s-]*", re.IGNORECASE)


def described(design: Design) -> tuple[str | None, frozenset[str]]:
    """Description and topics of a repository, from its design."""
    title = _TITLE_WORDS.sub("", design.title or "").strip(" -:–—")
    parts = [title or None, f"LLD {design.lld_id}" if design.lld_id else None]
    description = " · ".join(part for part in parts if part)[:350] or None
    return description and " ".join(description.split()), _topics(design.service)


def _topics(service: str | None) -> frozenset[str]:
    word = re.sub(r"[^a-z0-9]+", "-", (service or "").lower()).strip("-")[:50]
    return frozenset({word} if word else ())


@dataclass(frozen=True, slots=True)
class SetupReport:
    """The six steps of a setup, where the repository is, and what it cost."""

    repository: str
    url: str
    folder: str
    steps: tuple[Step, ...]
    api_calls: int
    dry_run: bool

    def to_json(self) -> dict[str, Any]:
        """The document that `setup-from-lld --output json` prints."""
        steps = [
            {
                "number": step.number,
                "name": step.name,
                "changes": shown(step.changes),
                "notes": list(step.notes),
            }
            for step in self.steps
        ]
        return {
            "ok": True,
            "repository": self.repository,
            "url": self.url,
            "path": self.folder,
            "dry_run": self.dry_run,
            "steps": steps,
            "api_calls": self.api_calls,
        }

    def to_text(self) -> str:
        """The same for people."""
        lines = []
        for done in self.steps:
            count = len(done.changes)
            changes = [f"{count} change{'s' * (count != 1)}"] if count else []
            what = ", ".join([*changes, *done.notes[:1]]) or "as it has to be"
            lines.append(f"{done.number} {done.name}: {what}")
            if self.dry_run:
                lines += [f"    would {change}" for change in done.changes]
            lines += [f"    {text}" for text in done.notes[1:]]
        return "\n".join([*lines, self.url])


def name_of(design: Design, name: str | None, *, allow_name: bool) -> str:
    """The repository a design is to live in.

    Raises:
        UsageProblemError: The design names none, or one outside the house's pattern.
    """
    chosen = name or design.repository
    if chosen is None and design.service:
        chosen = policy().name.format(service=design.service)
    if chosen is None:
        raise UsageProblemError(
            f"{design.document} names no repository and no service", hint="name it with --name"
        )
    return chosen if allow_name else policy().check_name(chosen)


def set_up(
    target: Target,
    design: Design,
    folder: Path,
    show: Show,
    *,
    make_files: Generate = generate,
    sleep: Callable[[float], None] = time.sleep,
) -> SetupReport:
    """Take a design to a repository with its gates, in six resumable steps."""
    remote, executor = target.open()
    description, topics = described(design)
    wanted = settings.Wanted(target.slug, description, topics)
    order = Order(design, folder, target.approvers(), wanted)
    run = Setup(remote, policy(), order, executor, make_files=make_files, sleep=sleep)
    steps = run.run(show)
    calls = remote.github.calls
    return SetupReport(str(target.slug), run.url, str(folder), tuple(steps), calls, target.dry_run)
