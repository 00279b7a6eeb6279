"""The options that several scripts share: one spelling, one type and one help text for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from common.environments import Environment

F = TypeVar("F", bound=Callable[..., Any])


class EnvironmentType(click.ParamType["Environment"]):
    """`--env`: converts to an `Environment`; the table is read only when the option is used."""

    name = "env"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Environment:
        from common.environments import Environment, environments

        if isinstance(value, Environment):
            return value
        known = environments()
        if value not in known:
            self.fail(
                f"unknown environment {value!r}; choose one of: {', '.join(known)}", param, ctx
            )
        return known[value]


def debug_option(command: F) -> F:
    """`--debug`, which the boundary reads."""
    return click.option(
        "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
    )(command)


def output_choice(*forms: str, about: str) -> Callable[[F], F]:
    """`-o/--output` in these forms beside text (parameter `output`), and `--debug`."""

    def add(command: F) -> F:
        return click.option(
            "-o",
            "--output",
            type=click.Choice(["text", *forms]),
            default="text",
            show_default=True,
            help=about,
        )(debug_option(command))

    return add


output_options = output_choice(
    "json", about="Print the result for people, or as one JSON document."
)
"""`-o/--output text|json` (parameter `output`) and `--debug`."""


def env_option(command: F) -> F:
    """`--env dev|sit|prod`, required (parameter `env`, an `Environment`)."""
    return click.option(
        "--env",
        type=EnvironmentType(),
        required=True,
        help="Environment to work on: dev, sit, prod or prod-dr.",
    )(command)


def aws_options(command: F) -> F:
    """`--region`, `--profile` and `--dr` for everything that touches AWS."""
    command = click.option(
        "--dr", is_flag=True, help="Use prod's failover region; goes with --env prod."
    )(command)
    command = click.option(
        "--profile", help="AWS profile.  [default: AWS_PROFILE, else the environment's]"
    )(command)
    return click.option("--region", help="Refused unless it is the environment's own.")(command)


def dry_run_option(command: F) -> F:
    """`--dry-run`: every check and read, each change printed, none made."""
    return click.option(
        "--dry-run", is_flag=True, help="Make every check, print each change, make none."
    )(command)


def yes_option(command: F) -> F:
    """`--yes`: do not ask."""
    return click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")(command)


def service_option(command: F) -> F:
    """`--service`, by default the service of the repository in the current directory."""
    return click.option(
        "--service", help="Service name.  [default: that of the repository in this directory]"
    )(command)


def terraform_path_option(command: F) -> F:
    """`--path`, the folder of the Terraform configuration."""
    return click.option(
        "--path",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("terraform"),
        show_default=True,
        help="Folder of the Terraform configuration.",
    )(command)


def lld_option(command: F) -> F:
    """`--lld`, a design document (parameter `lld`, a `Path` that may not exist)."""
    return click.option(
        "--lld",
        type=click.Path(path_type=Path),
        required=True,
        help="Low-level design: a Markdown file.",
    )(command)
