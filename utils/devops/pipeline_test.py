"""Check and rehearse GitHub Actions pipelines before they run (Skill 5)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

from pathlib import Path
from typing import TYPE_CHECKING

import click

from common.boundary import Cli
from common.errors import ExitCode
from common.options import F, env_option, output_options
from common.unbuilt import not_built

if TYPE_CHECKING:
    from pipelines.validate import Report


def workflow_option(command: F) -> F:
    """`--workflow`, a workflow file or a folder of them."""
    return click.option(
        "--workflow",
        type=click.Path(path_type=Path),
        required=True,
        help="Workflow file, or a folder of workflows.",
    )(command)


def report_options(command: F) -> F:
    """`-o/--output` as everywhere, with two more forms for reports of findings; and `--debug`."""
    command = click.option(
        "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
    )(command)
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json", "sarif", "github"]),
        default="text",
        show_default=True,
        help="Print for people, as JSON, as SARIF, or as annotations of a GitHub run.",
    )(command)


@click.group(cls=Cli)
def cli() -> None:
    """Check and rehearse GitHub Actions pipelines before they run."""


@cli.command()
@workflow_option
@click.option(
    "--built-in", is_flag=True, help="Leave actionlint and zizmor out, even when installed."
)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@report_options
def validate(workflow: Path, built_in: bool, strict: bool, output: str) -> None:
    """Check the syntax, the job graph and the security of workflows.

    Uses actionlint and zizmor too where they are installed, and says when they are not. Nothing is
    executed.

    \b
    Examples:
      pipeline_test.py validate --workflow .github/workflows/ci.yml
      pipeline_test.py validate --workflow .github/workflows --output sarif
    """
    from pipelines.findings import Severity
    from pipelines.validate import validate as check

    report = check(workflow, external=not built_in)
    click.echo(_shown(report, output))
    least = Severity.WARNING if strict else Severity.ERROR
    bad = any(finding.severity >= least for finding in report.findings)
    click.get_current_context().exit(ExitCode.FAILED if bad else ExitCode.DONE)


def _shown(report: Report, output: str) -> str:
    from pipelines.report import as_annotations, as_json, as_sarif, as_text

    forms = {"text": as_text, "json": as_json, "sarif": as_sarif, "github": as_annotations}
    return forms[output](report)


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
