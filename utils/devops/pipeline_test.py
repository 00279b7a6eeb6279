"""Check and rehearse GitHub Actions pipelines before they run (Skill 5)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

from pathlib import Path
from typing import TYPE_CHECKING

import click

from common.boundary import Cli
from common.errors import ExitCode, UnavailableError, UsageProblemError
from common.options import F, env_option, output_options
from common.output import emit, note
from common.unbuilt import not_built

if TYPE_CHECKING:
    from pipelines.simulate import DryRun
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


def reports_option(command: F) -> F:
    """`--reports`, where logs and reports go."""
    return click.option(
        "--reports",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder for logs and reports.  [default: a new one in the user's state folder]",
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
@click.option(
    "--require-tools", is_flag=True, help="Exit 4 when actionlint or zizmor is not installed."
)
@report_options
def validate(workflow: Path, built_in: bool, strict: bool, require_tools: bool, output: str) -> int:
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
    if any(finding.severity >= least for finding in report.findings):
        return ExitCode.FAILED
    missing = require_tools and not all(engine.ran for engine in report.engines)
    return ExitCode.UNAVAILABLE if missing or report.crashed else ExitCode.DONE


def _shown(report: Report, output: str) -> str:
    from pipelines.report import as_annotations, as_json, as_sarif, as_text

    forms = {"text": as_text, "json": as_json, "sarif": as_sarif, "github": as_annotations}
    return forms[output](report)


@cli.command("dry-run")
@workflow_option
@click.option("--event", help="Event to show.  [default: the workflow's most common one]")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="Value of an input.")
@click.option(
    "--graph",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write a picture of the jobs there: Mermaid (.mmd, .md) or .svg.",
)
@click.option(
    "--engine",
    type=click.Choice(["built-in", "act"]),
    default="built-in",
    show_default=True,
    help="act adds its own dry run; it needs a container engine.",
)
@output_options
def dry_run(
    workflow: Path,
    event: str | None,
    inputs: tuple[str, ...],
    graph: Path | None,
    engine: str,
    output: str,
) -> None:
    """Show what a workflow would do, in order; execute nothing.

    \b
    Examples:
      pipeline_test.py dry-run --workflow .github/workflows/ci.yml
      pipeline_test.py dry-run --workflow .github/workflows/rollback.yml --input environment=dev
    """
    from pipelines.act import structure_check
    from pipelines.simulate import Asked, simulate
    from pipelines.simulate_report import as_data, as_text

    run = simulate(workflow, Asked(event, _pairs(inputs)))
    checked = structure_check(workflow, run.event) if engine == "act" else None
    if graph is not None:
        _draw(run, graph)
    extra = {"act": checked} if checked is not None else {}
    emit(
        {**as_data(run), **extra},
        output,
        lambda: "\n\n".join(filter(None, (as_text(run), checked))),
    )


def _pairs(inputs: tuple[str, ...]) -> dict[str, str]:
    for pair in inputs:
        if "=" not in pair:
            raise UsageProblemError(f"--input {pair!r} is not NAME=VALUE")
    return dict(pair.split("=", 1) for pair in inputs)


def _draw(run: DryRun, path: Path) -> None:
    from pipelines.simulate_report import as_mermaid, as_svg

    text = as_svg(run) if path.suffix == ".svg" else as_mermaid(run)
    if path.suffix == ".md":
        text = f"```mermaid\n{text}```\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UnavailableError(f"writing {str(path)!r}: {problem.strerror}") from problem
    note(f"wrote {path}")


@cli.command()
@workflow_option
@click.option("--job", help="Run only this job and what it needs.")
@click.option("--event", default="", help="Event to run.  [default: the workflow's most common]")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="Value of an input.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "containers", "host"]),
    default="auto",
    show_default=True,
    help="Where the steps run; auto takes containers where an engine answers.",
)
@click.option(
    "--fail-under", type=click.FloatRange(0, 100), help="Exit 1 when the coverage is below this."
)
@click.option(
    "--variable",
    "variables",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="Environment variable for the steps; without a value, this process's own.",
)
@click.option(
    "--action",
    "actions",
    multiple=True,
    metavar="OWNER/NAME@REF=FOLDER",
    help="A folder to use in place of an action.",
)
@click.option(
    "--image", "images", multiple=True, metavar="LABEL=IMAGE", help="Container image of a runner."
)
@reports_option
@output_options
def ci(
    workflow: Path,
    job: str | None,
    event: str,
    inputs: tuple[str, ...],
    engine: str,
    fail_under: float | None,
    variables: tuple[str, ...],
    actions: tuple[str, ...],
    images: tuple[str, ...],
    reports: Path | None,
    output: str,
) -> int:
    """Run a CI workflow's jobs on this machine with act.

    In containers where an engine answers, else on this machine itself, with an environment made
    anew. Jobs that deploy, enter an environment or sign in to AWS are refused.

    \b
    Examples:
      pipeline_test.py ci --workflow .github/workflows/ci.yml
      pipeline_test.py ci --workflow .github/workflows/ci.yml --job test --fail-under 80
    """
    from rehearsal.ci.engine import Asked, own_values, pairs
    from rehearsal.ci.report import as_data, as_text, keep
    from rehearsal.ci.run import run_ci
    from rehearsal.places import reports_folder

    folders = {name: Path(path) for name, path in pairs(actions, "--action").items()}
    asked = Asked(
        workflow, event, pairs(inputs, "--input"), job, engine, own_values(variables), folders,
        pairs(images, "--image"),
    )  # fmt: skip
    run = run_ci(asked, reports_folder("ci", reports), fail_under)
    keep(run)
    emit(as_data(run), output, lambda: as_text(run))
    return run.exit_code


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
