"""Create and configure GitHub repositories for services (Skill 1)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

import click

from common.boundary import Cli
from common.options import dry_run_option, lld_option, output_options
from common.unbuilt import not_built


@click.group(cls=Cli)
def cli() -> None:
    """Create and configure GitHub repositories for services."""


@cli.command()
@click.option("--name", required=True, help="Repository, such as 2_bbws_auth_lambda.")
@click.option("--org", default="bbws", show_default=True, help="Organisation or user that owns it.")
@dry_run_option
@output_options
def create(**_: object) -> None:
    """Create a private repository with the house's settings.

    Example: repo_cli.py create --name 2_bbws_auth_lambda --org bbws
    """
    not_built()


@cli.command()
@click.option("--name", required=True, help="Repository, such as 2_bbws_auth_lambda.")
@click.option("--org", default="bbws", show_default=True, help="Organisation or user that owns it.")
@click.option("--environments", is_flag=True, help="Create dev, sit and prod with their gates.")
@dry_run_option
@output_options
def configure(**_: object) -> None:
    """Set up the GitHub environments of a repository and their approval gates.

    Example: repo_cli.py configure --name 2_bbws_auth_lambda --environments
    """
    not_built()


@cli.command()
@click.option("--name", required=True, help="Repository, such as 2_bbws_auth_lambda.")
@click.option("--org", default="bbws", show_default=True, help="Organisation or user that owns it.")
@click.option("--env", required=True, help="GitHub environment: dev, sit or prod.")
@dry_run_option
@output_options
def secrets(**_: object) -> None:
    """Set the AWS role and the secrets of one GitHub environment.

    Example: repo_cli.py secrets --name 2_bbws_auth_lambda --env dev
    """
    not_built()


@cli.command()
@click.option("--name", required=True, help="Repository, such as 2_bbws_auth_lambda.")
@click.option("--org", default="bbws", show_default=True, help="Organisation or user that owns it.")
@click.option("--protect", default="main", show_default=True, help="Branch to protect.")
@dry_run_option
@output_options
def branches(**_: object) -> None:
    """Protect a branch: reviews, required checks, no force pushes.

    Example: repo_cli.py branches --name 2_bbws_auth_lambda --protect main
    """
    not_built()


@cli.command("setup-from-lld")
@lld_option
@click.option("--org", default="bbws", show_default=True, help="Organisation or user that owns it.")
@dry_run_option
@output_options
def setup_from_lld(**_: object) -> None:
    """Create, generate, configure, protect and push a service's repository.

    Example: repo_cli.py setup-from-lld --lld ./LLDs/CPP_Auth_Lambda_LLD.md --org bbws
    """
    not_built()


if __name__ == "__main__":
    cli()
