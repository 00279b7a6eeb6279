"""Health, metrics and alarms of what is deployed (Skill 12)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

import click

from common.boundary import Cli
from common.options import aws_options, dry_run_option, env_option, output_options, service_option
from common.unbuilt import not_built


@click.group(cls=Cli)
def cli() -> None:
    """Health, metrics and alarms of what is deployed."""


@cli.command()
@env_option
@service_option
@aws_options
@output_options
def watch(**_: object) -> None:
    """Watch a service live.

    Example: monitor_cli.py watch --env dev --service auth
    """
    not_built()


@cli.command("health-check")
@env_option
@service_option
@aws_options
@output_options
def health_check(**_: object) -> None:
    """Check that a service is up, reachable and free of alarms.

    Example: monitor_cli.py health-check --env dev
    """
    not_built()


@cli.command()
@env_option
@service_option
@click.option("--duration", default="1h", show_default=True, help="How far back: 30m, 24h, 7d.")
@aws_options
@output_options
def metrics(**_: object) -> None:
    """Collect the metrics of a service.

    Example: monitor_cli.py metrics --env dev --duration 24h
    """
    not_built()


@cli.command()
@env_option
@service_option
@click.option(
    "--action",
    type=click.Choice(["list", "notify"]),
    default="list",
    show_default=True,
    help="List the alarms, or notify the team.",
)
@click.option("--message", help="Text for --action notify.")
@aws_options
@dry_run_option
@output_options
def alerts(**_: object) -> None:
    """List alarms, or notify the team through the deployment topic.

    Example: monitor_cli.py alerts --env prod --action notify --message "Rollback complete"
    """
    not_built()


if __name__ == "__main__":
    cli()
