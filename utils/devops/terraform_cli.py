"""Plan and apply a service's Terraform, account first and from reviewed plans only (Skill 6)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

import click

from common.boundary import Cli
from common.options import (
    aws_options,
    dry_run_option,
    env_option,
    output_options,
    terraform_path_option,
)
from common.unbuilt import not_built


@click.group(cls=Cli)
def cli() -> None:
    """Plan and apply a service's Terraform, account first and from reviewed plans only."""


@cli.command()
@env_option
@terraform_path_option
@aws_options
@output_options
def init(**_: object) -> None:
    """Prepare the working directory and the state backend of an environment.

    Example: terraform_cli.py init --env dev --path terraform
    """
    not_built()


@cli.command()
@env_option
@terraform_path_option
@aws_options
@output_options
def plan(**_: object) -> None:
    """Plan changes, show them for review and save the plan.

    Example: terraform_cli.py plan --env dev --path terraform
    """
    not_built()


@cli.command()
@env_option
@terraform_path_option
@aws_options
@dry_run_option
@output_options
def apply(**_: object) -> None:
    """Apply the saved plan, and only that.

    Example: terraform_cli.py apply --env dev --path terraform
    """
    not_built()


@cli.command()
@terraform_path_option
@output_options
def validate(**_: object) -> None:
    """Check that the configuration is valid.

    Example: terraform_cli.py validate --path terraform
    """
    not_built()


@cli.command("format")
@terraform_path_option
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file would change.")
@output_options
def format_(**_: object) -> None:
    """Rewrite the configuration in canonical format.

    Example: terraform_cli.py format --path terraform
    """
    not_built()


@cli.command()
@env_option
@terraform_path_option
@aws_options
@click.option(
    "--action",
    type=click.Choice(["list", "show", "mv", "rm", "import", "pull"]),
    default="list",
    show_default=True,
    help="What to do with the state.",
)
@dry_run_option
@output_options
def state(**_: object) -> None:
    """Look at the state, or move, remove and import single resources.

    Example: terraform_cli.py state --env dev --action list
    """
    not_built()


if __name__ == "__main__":
    cli()
