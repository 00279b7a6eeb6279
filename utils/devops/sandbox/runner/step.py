"""A step as its job sees it: what it is given and what it may change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class StepError(Exception):
    """The step has failed; `str()` says why."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a job is about.

    Attributes:
        bare: The bare repository behind the checkout.
        claims: Of the job's identity token.
        permissions: Of the job's token, `read` or `write` by their names.
        artifacts: Where the run keeps its artifacts.
    """

    bare: Path
    repository: str
    sha: str
    ref: str
    url: str
    token: str = field(repr=False)
    claims: Mapping[str, Any]
    permissions: Mapping[str, str]
    artifacts: Path


@dataclass(slots=True)
class Step:
    """One `uses:` step at work.

    Attributes:
        given: Its `with:`, evaluated.
        variables: The environment it runs in.
        exported: Variables for the steps after it.
        outputs: What `steps.<id>.outputs` will hold.
    """

    facts: Facts
    workspace: Path
    given: Mapping[str, str]
    variables: Mapping[str, str]
    say: Callable[[str], None]
    hide: Callable[[str], None]
    exported: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    def wants(self, name: str, *, default: bool = False) -> bool:
        """A switch of `with:`."""
        raw = self.given.get(name, "")
        return raw.strip().lower() == "true" if raw else default
