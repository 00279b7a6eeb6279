"""Deploy, promote, watch and roll back services (Skills 8 and 9)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

import click

from common.boundary import Cli
from common.options import (
    F,
    aws_options,
    dry_run_option,
    env_option,
    output_options,
    service_option,
)
from common.unbuilt import not_built


def version_option(command: F) -> F:
    """`--version`, a release tag."""
    return click.option("--version", required=True, help="Release tag, such as v1.0.0.")(command)


@click.group(cls=Cli)
def cli() -> None:
    """Deploy, promote, watch and roll back services."""


@cli.command()
@service_option
@aws_options
@dry_run_option
@output_options
def dev(**_: object) -> None:
    """Build a service, deploy it to dev and test it there.

    Example: deploy_cli.py dev --service auth
    """
    not_built()


@cli.command("promote-sit")
@service_option
@version_option
@dry_run_option
@output_options
def promote_sit(**_: object) -> None:
    """Promote a release that succeeded in dev to sit; the dev lead approves.

    Example: deploy_cli.py promote-sit --service auth --version v1.0.0
    """
    not_built()


@cli.command("promote-prod")
@service_option
@version_option
@dry_run_option
@output_options
def promote_prod(**_: object) -> None:
    """Promote a release that succeeded in sit to prod; business owner and tech lead approve.

    Example: deploy_cli.py promote-prod --service auth --version v1.0.0
    """
    not_built()


@cli.command()
@service_option
@dry_run_option
@output_options
def hotfix(**_: object) -> None:
    """Start a hotfix from the release that is live in prod.

    Example: deploy_cli.py hotfix --service auth
    """
    not_built()


@cli.command()
@env_option
@service_option
@click.option("--watch", is_flag=True, help="Follow the deployment until it ends.")
@aws_options
@output_options
def monitor(**_: object) -> None:
    """Show a deployment as it moves.

    Example: deploy_cli.py monitor --env dev --service auth
    """
    not_built()


@cli.command()
@env_option
@service_option
@click.option(
    "--list", "list_only", is_flag=True, help="List deployments that can be rolled back to."
)
@click.option("--version", help="Release tag to go back to, such as v0.9.0.")
@click.option(
    "--component",
    type=click.Choice(["lambda", "api", "terraform", "full"]),
    default="full",
    show_default=True,
    help="What to roll back.",
)
@aws_options
@dry_run_option
@output_options
def rollback(**_: object) -> None:
    """Go back to an earlier release, or list those there are.

    Example: deploy_cli.py rollback --env prod --version v0.9.0 --component full
    """
    not_built()


if __name__ == "__main__":
    cli()
