"""Check and rehearse GitHub Actions pipelines before they run (Skill 5)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

from pathlib import Path
from typing import TYPE_CHECKING

import click

from common.boundary import Cli
from common.errors import ExitCode, UnavailableError, UsageProblemError
from common.options import (
    aws_options,
    dry_run_option,
    env_option,
    output_options,
    service_option,
)
from common.output import emit, note
from rehearsal.options import (
    FILE,
    chaos_options,
    ci_options,
    load_options,
    report_options,
    reports_option,
    workflow_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.environments import Environment
    from pipelines.simulation.fidelity import Gap
    from pipelines.simulation.plan import DryRun
    from pipelines.validation.validate import Report


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
    from pipelines.validation.validate import validate as check
    from pipelines.workflow.findings import Severity

    report = check(workflow, external=not built_in)
    click.echo(_shown(report, output))
    least = Severity.WARNING if strict else Severity.ERROR
    if any(finding.severity >= least for finding in report.findings):
        return ExitCode.FAILED
    missing = require_tools and not all(engine.ran for engine in report.engines)
    return ExitCode.UNAVAILABLE if missing or report.crashed else ExitCode.DONE


def _shown(report: Report, output: str) -> str:
    from pipelines.validation.report import as_annotations, as_json, as_sarif, as_text

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
    from pipelines.simulation.act import structure_check
    from pipelines.simulation.simulate import Asked, simulate
    from pipelines.simulation.simulate_report import as_data, as_text

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
    from pipelines.simulation.simulate_report import as_mermaid, as_svg

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
@ci_options
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
@service_option
@aws_options
@output_options
def deploy(
    workflow: Path,
    env: Environment,
    service: str | None,
    region: str | None,
    profile: str | None,
    dr: bool,
    output: str,
) -> int:
    """Check a deployment workflow without deploying.

    Looks at the workflow and its scripts, the account, Terraform's plan (of a copy, without a
    lock), smoke tests, the way back and the notification target.

    Example: pipeline_test.py deploy --workflow .github/workflows/deploy-dev.yml --env dev
    """
    from deploy.site import Where
    from rehearsal.checks import as_data, as_text
    from rehearsal.deploy.run import Asked, check_deployment

    checked = check_deployment(Asked(workflow, Where(env, service, region, profile, dr)))
    emit(as_data(checked), output, lambda: as_text(checked))
    return checked.exit_code


@cli.command()
@workflow_option
@env_option
@click.option(
    "--repository", metavar="OWNER/NAME", help="Repository on GitHub.  [default: the remote's]"
)
@output_options
def promote(workflow: Path, env: Environment, repository: str | None, output: str) -> int:
    """Check a promotion's gates, hand-over and canary without promoting.

    The gates are compared with what the environments on GitHub really demand.

    Example: pipeline_test.py promote --workflow .github/workflows/promote-prod.yml --env prod
    """
    from rehearsal.checks import as_data, as_text
    from rehearsal.promote.run import Asked, check_promotion

    checked = check_promotion(Asked(workflow, env, repository))
    emit(as_data(checked), output, lambda: as_text(checked))
    return checked.exit_code


def _planned(lines: Sequence[str], gaps: Sequence[Gap], output: str) -> int:
    """The end of a `--dry-run`: what would be done, and that nothing was."""
    from rehearsal.planned import as_data, as_text

    emit(as_data(lines, gaps), output, lambda: as_text(lines, gaps))
    return ExitCode.DONE


@cli.command()
@env_option
@service_option
@click.option("--openapi", type=FILE, help="OpenAPI document.  [default: the repository's]")
@click.option("--lld", type=FILE, help="Low-level design, in place of an OpenAPI document.")
@click.option("--data", type=FILE, help="YAML: a body for each 'METHOD /path' that needs one.")
@click.option("--read-only", is_flag=True, help="Only read; the only way in sit and prod.")
@click.option("--leave-behind", is_flag=True, help="Create also what the API cannot remove.")
@aws_options
@dry_run_option
@reports_option
@output_options
def integration(
    env: Environment,
    service: str | None,
    openapi: Path | None,
    lld: Path | None,
    data: Path | None,
    read_only: bool,
    leave_behind: bool,
    region: str | None,
    profile: str | None,
    dr: bool,
    dry_run: bool,
    reports: Path | None,
    output: str,
) -> int:
    """Test the deployed service's endpoints against its design.

    Status codes and schemas, create, read, update and delete, refusal without credentials, logs
    without errors; removes what it created. A caller is BBWS_TEST_TOKEN (a bearer token),
    BBWS_TEST_API_KEY, or the AWS credentials.

    \b
    Examples:
      pipeline_test.py integration --env dev
      pipeline_test.py integration --env prod --read-only --openapi openapi.json
    """
    from deploy.site import Where
    from rehearsal.integration.report import as_data, as_text, keep
    from rehearsal.integration.run import (
        PLANNED_GAPS,
        Asked,
        plan_integration,
        run_integration,
    )
    from rehearsal.places import reports_folder

    where = Where(env, service, region, profile, dr)
    asked = Asked(where, openapi, lld, data, read_only, leave_behind)
    if dry_run:
        return _planned(plan_integration(asked), PLANNED_GAPS, output)
    run = run_integration(asked)
    for path in keep(run, reports_folder("integration", reports)):
        note(f"wrote {path}")
    emit(as_data(run), output, lambda: as_text(run))
    return run.exit_code


@cli.command()
@load_options
@click.option("--profile", help="AWS profile.  [default: AWS_PROFILE, else the environment's]")
@dry_run_option
@reports_option
@output_options
def load(
    config: Path,
    baseline: Path | None,
    processes: int,
    expect_workers: int | None,
    master: str | None,
    port: int,
    profile: str | None,
    dry_run: bool,
    reports: Path | None,
    output: str,
) -> int:
    """Put a service of dev or sit under load and check its thresholds.

    Locust makes the load; prod is refused. Exit 1 on a missed threshold. An interrupt ends with a
    report of what was measured until then. rehearsal/load/config.py documents the file.

    \b
    Over several machines, each with the same file:
      pipeline_test.py load --config load.yml --master 4         # here
      pipeline_test.py load --config load.yml --worker HOST:5557 # on each of the four

    \b
    Examples:
      pipeline_test.py load --config load.yml
      pipeline_test.py load --config load.yml --processes 4 --baseline before/report.json
    """
    from rehearsal.load.report import PLANNED_GAPS, as_data, as_text, keep
    from rehearsal.load.run import Asked, Spread, plan_load, run_load, run_worker
    from rehearsal.places import reports_folder

    if sum((processes > 1, bool(expect_workers), bool(master))) > 1:
        raise UsageProblemError("--processes, --master and --worker exclude each other")
    spread = Spread(processes, expect_workers or 0, port, master)
    asked = Asked(config, reports_folder("load", reports), profile, spread, baseline)
    if dry_run:
        return _planned(plan_load(asked), PLANNED_GAPS, output)
    if master:
        code = run_worker(asked)
        emit({"ok": code == 0, "worker_of": master}, output, lambda: "the master has ended")
        return ExitCode.UNAVAILABLE if code else ExitCode.DONE
    run = run_load(asked)
    keep(run)
    emit(as_data(run), output, lambda: as_text(run))
    return run.exit_code


@cli.command()
@env_option
@service_option
@chaos_options
@click.option("--profile", help="AWS profile.  [default: AWS_PROFILE, else the environment's]")
@dry_run_option
@reports_option
@output_options
def chaos(
    env: Environment,
    service: str | None,
    experiments: tuple[str, ...],
    function: str | None,
    variable: str | None,
    path: str | None,
    seconds: int,
    undo: bool,
    profile: str | None,
    dry_run: bool,
    reports: Path | None,
    output: str,
) -> int:
    """Break a service of dev in bounded ways, and see alarms, rollback and recovery work.

    Each fault is undone in the end, on an interrupt too. How to undo it is kept in the artifact
    bucket, so that the next run, or --undo, undoes what a killed one left. Only in dev.

    \b
    Examples:
      pipeline_test.py chaos --env dev --experiment throttle --dry-run
      pipeline_test.py chaos --env dev --experiment throttle --seconds 240
      pipeline_test.py chaos --env dev --undo
    """
    from deploy.site import Where
    from rehearsal.chaos.report import PLANNED_GAPS, as_data, as_text, keep
    from rehearsal.chaos.run import Asked, check_names, plan_chaos, run_chaos, undo_chaos
    from rehearsal.places import reports_folder

    check_names(experiments)
    where = Where(env, service, profile=profile)
    asked = Asked(where, experiments, function, variable, path, seconds)
    if dry_run:
        return _planned(plan_chaos(asked), PLANNED_GAPS, output)
    run = undo_chaos(asked) if undo else run_chaos(asked)
    if not undo:
        for written in keep(run, reports_folder("chaos", reports)):
            note(f"wrote {written}")
    emit(as_data(run), output, lambda: as_text(run))
    return run.exit_code


if __name__ == "__main__":
    cli()
