"""Versions, changelogs, releases and their artifacts (Skill 11)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

import click

from common.boundary import Cli
from common.options import F, dry_run_option, output_options
from common.unbuilt import not_built


def version_option(command: F) -> F:
    """`--version`, a semantic version."""
    return click.option("--version", required=True, help="Semantic version, such as v1.0.0.")(
        command
    )


@click.group(cls=Cli)
def cli() -> None:
    """Versions, changelogs, releases and their artifacts."""


@cli.command()
@click.option(
    "--type",
    "kind",
    type=click.Choice(["major", "minor", "patch"]),
    help="Part to raise.  [default: what the commits ask for]",
)
@dry_run_option
@output_options
def bump(**_: object) -> None:
    """Raise the version.

    Example: release_cli.py bump --type minor
    """
    not_built()


@cli.command()
@version_option
@dry_run_option
@output_options
def create(**_: object) -> None:
    """Tag and publish a release with its notes and artifacts.

    Example: release_cli.py create --version v1.0.0
    """
    not_built()


@cli.command()
@dry_run_option
@output_options
def changelog(**_: object) -> None:
    """Write the changelog from the conventional commits since the last release.

    Example: release_cli.py changelog
    """
    not_built()


@cli.command()
@version_option
@dry_run_option
@output_options
def artifacts(**_: object) -> None:
    """List, check and fetch the artifacts of a release.

    Example: release_cli.py artifacts --version v1.0.0
    """
    not_built()


@cli.command()
@version_option
@output_options
def notes(**_: object) -> None:
    """Print the notes of a release.

    Example: release_cli.py notes --version v1.0.0
    """
    not_built()


if __name__ == "__main__":
    cli()
