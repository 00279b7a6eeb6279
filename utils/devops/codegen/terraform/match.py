"""Which resource a text of the design means: `SQS: bbws-order-pdf-{env}` names a queue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from codegen.naming import words

_NOISE = frozenset(
    {
        *("aws", "sqs", "sns", "s3", "dynamodb", "eventbridge"),
        *("queue", "topic", "bucket", "bus", "table", "stream", "streams", "event", "events"),
        *("trigger", "triggered", "rule", "schedule", "scheduled", "arn", "url", "name"),
        *("from", "on", "the", "a", "an", "of", "by"),
    }
)


class Named(Protocol):
    """Anything that carries an AWS name."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def significant(text: str) -> list[str]:
    """The words of a text that tell one resource from another."""
    return [word for word in words(text) if word not in _NOISE]


def find(text: str | None, candidates: Sequence[N]) -> N | None:
    """The candidate whose name stands in `text`; the longest such name when there are several."""
    if not text:
        return None
    mentioned = [item for item in candidates if _contains(words(text), words(item.name))]
    if not mentioned:
        wanted = significant(text)
        mentioned = [
            item
            for item in candidates
            if wanted and significant(item.name)[-len(wanted) :] == wanted
        ]
    return max(mentioned, key=lambda item: len(item.name), default=None)


def by_phrase(text: str, kind: str, candidates: Sequence[N]) -> N | None:
    """The one candidate that prose names: `OrderCreationQueue` is `bbws-order-creation-{env}`."""
    said = words(text)
    named = []
    for item in candidates:
        own = [word for word in words(item.name) if word not in {"bbws", kind}]
        if _contains(said, [*own, kind]):
            named.append(item)
    return named[0] if len(named) == 1 else None


def closest(text: str, candidates: Iterable[N]) -> N | None:
    """The one candidate that shares most words with `text`; None when none does or two do."""
    wanted = {_stem(word) for word in significant(text)}
    scored = [
        (len(wanted & {_stem(word) for word in significant(item.name)}), item)
        for item in candidates
    ]
    best = max((score for score, _ in scored), default=0)
    winners = [item for score, item in scored if score == best]
    return winners[0] if best and len(winners) == 1 else None


def _stem(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 3 else word


def _contains(text: list[str], name: list[str]) -> bool:
    size = len(name)
    return bool(name) and any(
        text[start : start + size] == name for start in range(len(text) - size + 1)
    )
