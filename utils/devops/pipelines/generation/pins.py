"""The actions that generated workflows use, each bound to one commit.

Tags move: whoever takes an action over moves them all. A commit does not move, so workflows name
commits, with the version as a comment for people and for update tools.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from common.errors import UnavailableError
from common.home import HOME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

PINS = HOME / "templates" / "workflows" / "pins.yml"

_SHA = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"v\d+(?:\.\d+){0,2}")
_HEAD = """\
# The actions that generated workflows use, each bound to one commit: tags move, commits do not.
# `pipeline_cli.py pins --update` refreshes this file from the GitHub API.
"""


@dataclass(frozen=True, slots=True)
class Pin:
    """One action, its released version, and the commit that version was when it was pinned."""

    action: str
    version: str
    sha: str
    date: str

    @property
    def reference(self) -> str:
        """What follows `uses:`, with the version as a comment."""
        return f"{self.action}@{self.sha} # {self.version}"


class Releases(Protocol):
    """Where the newest release of an action can be asked for; reading only."""

    def latest_release(self, action: str) -> Pin:
        """The newest full release of `owner/name`, resolved to a commit."""


@dataclass(frozen=True, slots=True)
class PinChange:
    """What an update found for one action."""

    before: Pin
    after: Pin

    @property
    def changed(self) -> bool:
        return self.before.sha != self.after.sha

    @property
    def moved(self) -> bool:
        """The same version names another commit now: a tag was moved, which is how actions are
        hijacked."""
        return self.changed and self.before.version == self.after.version


def parse_pins(text: str, *, source: str) -> dict[str, Pin]:
    """Read pins from YAML.

    Raises:
        UnavailableError: It is not what a pins file looks like.
    """
    import yaml

    try:
        rows: list[dict[str, Any]] = yaml.safe_load(text)["actions"]
        found = [_pin(row) for row in rows]
        if not found:
            raise ValueError("it lists no action")
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise UnavailableError(f"{source!r} is no file of pinned actions: {error!r}") from error
    return {pin.action: check_pin(pin) for pin in found}


def _pin(row: dict[str, Any]) -> Pin:
    action, sha = str(row["uses"]).split("@")
    return Pin(action, str(row["version"]), sha, str(row["date"]))


def check_pin(pin: Pin) -> Pin:
    """Accept a full commit and a plain version only.

    Raises:
        UnavailableError: The pin would not be one.
    """
    if not _SHA.fullmatch(pin.sha) or not _VERSION.fullmatch(pin.version):
        raise UnavailableError(
            f"{pin.action!r} is not pinned to a commit: version {pin.version!r}, sha {pin.sha!r}"
        )
    return pin


@cache
def pins() -> Mapping[str, Pin]:
    """The pins that ship with the toolkit, by action.

    Raises:
        UnavailableError: The file is missing, as in a service's own copy of the tools.
    """
    return read_pins(PINS)


def read_pins(path: Path) -> dict[str, Pin]:
    """The pins of a file.

    Raises:
        UnavailableError: It cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UnavailableError(
            f"{str(path)!r} cannot be read: {error.strerror}",
            hint="pipelines are written by the toolkit, not by a service's copy of the tools",
        ) from error
    return parse_pins(text, source=str(path))


def refresh(current: Iterable[Pin], releases: Releases) -> list[PinChange]:
    """Ask for the newest release of each action; nothing is written.

    Raises:
        UnavailableError: An answer is not a release bound to a commit.
    """
    return [PinChange(pin, check_pin(releases.latest_release(pin.action))) for pin in current]


def render_pins(current: Iterable[Pin]) -> str:
    """The text of a pins file."""
    rows = [
        f'  - uses: {pin.action}@{pin.sha}\n    version: {pin.version}\n    date: "{pin.date}"\n'
        for pin in sorted(current, key=lambda pin: pin.action)
    ]
    return f"{_HEAD}actions:\n{''.join(rows)}"


def write_pins(path: Path, current: Iterable[Pin]) -> None:
    """Replace a pins file, whole or not at all.

    Raises:
        UnavailableError: It cannot be written.
    """
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_text(render_pins(current), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise UnavailableError(f"writing {str(path)!r}: {error.strerror}") from error
