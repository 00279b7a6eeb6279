"""What the commands of `terraform_cli.py` have in common: options, durations, questions."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from common.options import aws_options, env_option, service_option, terraform_path_option

if TYPE_CHECKING:
    from infra.site import Target

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Duration(click.ParamType[timedelta]):
    """`90s`, `30m`, `12h` or `2d`."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,6})([smhd])", str(value))
        if not found:
            self.fail(f"{value!r} is no duration; write 90s, 30m, 12h or 2d", param, ctx)
        return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def site_options(command: F) -> F:
    """Where to work: `--env`, `--path`, `--service` and the AWS options; they become `target`."""
    for option in (aws_options, service_option, terraform_path_option, env_option):
        command = option(command)
    return command


def target_of(raw: dict[str, Any]) -> Target:
    """The site options of a command as one object; what is left in `raw` is its own."""
    from infra.site import Target

    return Target(
        environment=raw.pop("env"),
        path=raw.pop("path"),
        service=raw.pop("service"),
        region=raw.pop("region"),
        profile=raw.pop("profile"),
        dr=raw.pop("dr"),
    )


approval_option = click.option(
    "--approval", help="Reference of the approval, such as a ticket or a run; PROD needs one."
)


def confirmation(*, yes: bool) -> Callable[[str, bool], bool]:
    """Asks on standard error; a phrase that must be typed is asked for whatever `--yes` says."""

    def confirm(phrase: str, typed: bool) -> bool:
        try:
            if typed:
                return str(click.prompt(f"type {phrase!r} to go on", err=True)) == phrase
            return yes or click.confirm(f"{phrase}?", err=True)
        except click.Abort:
            if sys.stdin.isatty():
                raise
            return False  # nobody there to ask

    return confirm
