"""The saved plan as a file: its digest, and the state it was computed against."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.errors import UnavailableError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class StateMark:
    """Which state, and which version of it. A state that does not exist yet has no lineage."""

    lineage: str
    serial: int


def planned_against(plan: Path) -> StateMark:
    """The state that the plan was computed against, as Terraform itself wrote into the plan.

    Raises:
        UnavailableError: The file is no plan that can be read.
    """
    try:
        with zipfile.ZipFile(plan) as archive:
            # Not `tfstate-prev`, whose lineage and serial are always blank.
            return mark_of(json.loads(archive.read("tfstate")))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UnavailableError(f"{plan.name!r} is no Terraform plan: {error}") from error


def mark_of(state: Any) -> StateMark:
    """The mark of a parsed state."""
    return StateMark(str(state.get("lineage", "")), int(state.get("serial", 0)))
