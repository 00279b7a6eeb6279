"""Commands that are documented but not built yet say so; they never pretend."""

from __future__ import annotations

from typing import NoReturn

import click

from common.errors import UnavailableError


def not_built() -> NoReturn:
    """End the current command with "not built yet" (exit 4).

    Raises:
        UnavailableError: Always.
    """
    command = click.get_current_context().command_path
    raise UnavailableError(f"{command!r} is not built yet", hint="README.md lists what works today")
