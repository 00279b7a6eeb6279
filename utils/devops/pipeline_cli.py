"""Create a service's GitHub Actions pipelines (Skill 4)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

from pathlib import Path

import click

from common.boundary import Cli
from common.options import F, dry_run_option, output_options
from common.unbuilt import not_built


def repo_option(command: F) -> F:
    """`--repo`, the folder of the service's repository."""
    return click.option(
        "--repo",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(),
        show_default="this directory",
        help="Folder of the service's repository.",
    )(command)


@click.group(cls=Cli)
def cli() -> None:
    """Create a service's GitHub Actions pipelines."""


@cli.command("create-ci")
@repo_option
@dry_run_option
@output_options
def create_ci(**_: object) -> None:
    """Write the CI pipeline: lint, test and security scan on pull requests and pushes.

    Example: pipeline_cli.py create-ci --repo ../2_bbws_auth_lambda
    """
    not_built()


@cli.command("create-deploy")
@repo_option
@click.option(
    "--env", type=click.Choice(["dev"]), default="dev", show_default=True, help="Only dev."
)
@dry_run_option
@output_options
def create_deploy(**_: object) -> None:
    """Write the pipeline that deploys to dev on every merge to main.

    Example: pipeline_cli.py create-deploy --repo ../2_bbws_auth_lambda --env dev
    """
    not_built()


@cli.command("create-promote")
@repo_option
@click.option(
    "--env", type=click.Choice(["sit", "prod"]), required=True, help="Environment promoted to."
)
@dry_run_option
@output_options
def create_promote(**_: object) -> None:
    """Write the pipeline that promotes a release to sit or prod after its approvals.

    Example: pipeline_cli.py create-promote --repo ../2_bbws_auth_lambda --env sit
    """
    not_built()


@cli.command("create-rollback")
@repo_option
@dry_run_option
@output_options
def create_rollback(**_: object) -> None:
    """Write the pipeline for a manual emergency rollback.

    Example: pipeline_cli.py create-rollback --repo ../2_bbws_auth_lambda
    """
    not_built()


if __name__ == "__main__":
    cli()
