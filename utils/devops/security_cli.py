"""Scan code, dependencies, containers, infrastructure and history for weaknesses (Skill 10)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

from pathlib import Path

import click

from common.boundary import Cli
from common.options import F, output_options, terraform_path_option
from common.unbuilt import not_built


def fail_on_option(command: F) -> F:
    """`--fail-on`, the severity from which findings make the run fail."""
    return click.option(
        "--fail-on",
        type=click.Choice(["low", "medium", "high", "critical"]),
        default="high",
        show_default=True,
        help="Severity from which a finding makes the exit code 1.",
    )(command)


def source_path_option(command: F) -> F:
    """`--path`, the folder to scan."""
    return click.option(
        "--path",
        type=click.Path(path_type=Path),
        default=Path(),
        show_default="this directory",
        help="Folder to scan.",
    )(command)


@click.group(cls=Cli)
def cli() -> None:
    """Scan code, dependencies, containers, infrastructure and history for weaknesses."""


@cli.command()
@source_path_option
@fail_on_option
@output_options
def dependencies(**_: object) -> None:
    """Look for known vulnerabilities in the Python dependencies.

    Example: security_cli.py dependencies --fail-on critical
    """
    not_built()


@cli.command()
@source_path_option
@fail_on_option
@output_options
def code(**_: object) -> None:
    """Look for vulnerable Python code.

    Example: security_cli.py code
    """
    not_built()


@cli.command()
@click.option("--image", required=True, help="Name of the container image.")
@fail_on_option
@output_options
def container(**_: object) -> None:
    """Look for vulnerabilities in a container image.

    Example: security_cli.py container --image auth:latest
    """
    not_built()


@cli.command()
@terraform_path_option
@fail_on_option
@output_options
def infra(**_: object) -> None:
    """Look for misconfigurations in Terraform.

    Example: security_cli.py infra --path terraform
    """
    not_built()


@cli.command()
@source_path_option
@output_options
def secrets(**_: object) -> None:
    """Look for secrets that were committed or are about to be.

    Example: security_cli.py secrets
    """
    not_built()


@cli.command()
@source_path_option
@output_options
def report(**_: object) -> None:
    """Write the compliance report: what was scanned, what was found, what could not be scanned.

    Example: security_cli.py report
    """
    not_built()


if __name__ == "__main__":
    cli()
