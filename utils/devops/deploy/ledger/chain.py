"""What happened, as a chain: each entry carries the hash of the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deploy.codec import digest


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain, and what stands on it."""

    number: int = 0
    hash: str = ""
    live: str = ""
    block: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the chain: an event, the deployment after it, and the hash of the one before."""

    number: int
    previous: str
    at: str
    event: str
    body: Any
    hash: str

    def computed(self) -> str:
        """The hash this content must have."""
        return entry_hash(self.number, self.previous, self.at, self.event, self.body)


def entry_hash(number: int, previous: str, at: str, event: str, body: Any) -> str:
    """The hash of one link."""
    return digest({"number": number, "previous": previous, "at": at, "event": event, "body": body})


def broken_links(entries: list[Entry], head: Head) -> list[str]:
    """What is wrong with a chain: gaps, changed entries, a cut end. Empty when it holds."""
    problems, previous = [], ""
    for expected, entry in enumerate(entries, start=1):
        if entry.number != expected:
            problems.append(f"entry {expected} is missing")
            break
        if entry.previous != previous:
            problems.append(f"entry {entry.number} does not follow entry {expected - 1}")
        if entry.hash != entry.computed():
            problems.append(f"entry {entry.number} was changed after it was written")
        previous = entry.hash
    if (head.number, head.hash) != ((entries[-1].number, entries[-1].hash) if entries else (0, "")):
        problems.append("the end of the chain is not where the head says")
    return problems
