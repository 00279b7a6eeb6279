"""Check and rehearse GitHub Actions pipelines before they run (Skill 5)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

from pathlib import Path

import click

from common.boundary import Cli
from common.options import F, env_option, output_options
from common.unbuilt import not_built


def workflow_option(command: F) -> F:
    """`--workflow`, a workflow file or a folder of them."""
    return click.option(
        "--workflow",
        type=click.Path(path_type=Path),
        required=True,
        help="Workflow file, or a folder of workflows.",
    )(command)


@click.group(cls=Cli)
def cli() -> None:
    """Check and rehearse GitHub Actions pipelines before they run."""


@cli.command()
@workflow_option
@output_options
def validate(**_: object) -> None:
    """Check the syntax, the job graph and the security of workflows.

    Example: pipeline_test.py validate --workflow .github/workflows/ci.yml
    """
    not_built()


@cli.command("dry-run")
@workflow_option
@output_options
def dry_run(**_: object) -> None:
    """Show what a workflow would do, in order; execute nothing.

    Example: pipeline_test.py dry-run --workflow .github/workflows/ci.yml
    """
    not_built()


@cli.command()
@workflow_option
@output_options
def ci(**_: object) -> None:
    """Run a CI workflow's jobs on this machine.

    Example: pipeline_test.py ci --workflow .github/workflows/ci.yml
    """
    not_built()


@cli.command()
@workflow_option
@env_option
@output_options
def deploy(**_: object) -> None:
    """Check a deployment workflow without deploying.

    Example: pipeline_test.py deploy --workflow .github/workflows/deploy-dev.yml --env dev
    """
    not_built()


@cli.command()
@env_option
@output_options
def integration(**_: object) -> None:
    """Test the deployed service's endpoints against its design.

    Example: pipeline_test.py integration --env dev
    """
    not_built()


@cli.command()
@click.option("--config", type=click.Path(path_type=Path), required=True, help="Load test (YAML).")
@output_options
def load(**_: object) -> None:
    """Put a service of dev or sit under load and check its thresholds.

    Example: pipeline_test.py load --config load.yml
    """
    not_built()


if __name__ == "__main__":
    cli()
