"""Set up, test, lint and rehearse on this machine (Skill 7)."""

from __future__ import annotations

import local.takeover  # noqa: F401

import common.bootstrap  # noqa: F401

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from common.boundary import Cli
from common.errors import ExitCode
from common.options import output_options
from common.output import emit, note, table, warn
from sandbox.commands import sandbox

if TYPE_CHECKING:
    from local.checks import Outcome
    from local.invoke import Options as InvokeOptions
    from local.rehearsal import Stage
    from local.testing import RunOptions


@click.group(cls=Cli)
def cli() -> None:
    """Set up, test, lint and rehearse on this machine.

    Works on the service repository around the current directory, else on the toolkit.
    """


cli.add_command(sandbox)


@cli.command()
@output_options
def setup(output: str) -> None:
    """Create .venv with all requirements and install the git hooks.

    Example: local_runner.py setup
    """
    from local.project import find_project
    from local.setup import LAMBDA_PYTHON, set_up

    done = set_up(find_project(Path.cwd()))
    runtime = ".".join(map(str, LAMBDA_PYTHON))
    version = ".".join(map(str, done.version))
    if not done.matches_lambda:
        warn(f"{done.python} is Python {version}, services run on Lambda's Python {runtime}")
    result = {
        "project": str(done.root),
        "python": str(done.python),
        "python_version": version,
        "lambda_python_version": runtime,
        "git_hooks": done.hooks.done,
    }
    if not done.hooks.by_choice:
        warn(f"the git hooks are not installed: {done.hooks.why_not}")
    hooks = "installed" if done.hooks.done else f"none ({done.hooks.why_not})"
    emit(result, output, lambda: f"ready: {done.python}\ngit hooks: {hooks}")


def _number(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    """Refuse `nan`, which is neither below a limit nor above it."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is no percentage")
    return value


@cli.command()
@click.argument("paths", nargs=-1)
@click.option("--coverage", is_flag=True, help="Measure and show coverage.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    callback=_number,
    help="Fail below this coverage, in percent.",
)
@click.option("--watch", "watching", is_flag=True, help="Run again after each change (TDD).")
@click.option("-m", "--markers", help="Only tests with these markers, such as 'not e2e'.")
@click.option("-k", "--keyword", help="Only tests whose name matches this expression.")
@click.option(
    "--parallel/--serial",
    default=None,
    help="Spread the tests over all cores.  [default: the toolkit's whole suite only]",
)
@output_options
def test(
    paths: tuple[str, ...],
    coverage: bool,
    fail_under: float | None,
    watching: bool,
    markers: str | None,
    keyword: str | None,
    parallel: bool | None,
    output: str,
) -> None:
    """Run the tests in the project's own environment; PATHS chooses files or folders.

    \b
    Examples:
      local_runner.py test --coverage
      local_runner.py test --watch tests/unit/test_models.py
    """
    from local.project import Kind, find_project
    from local.testing import RunOptions, from_here

    project = find_project(Path.cwd())
    if parallel is None:
        parallel = project.kind is Kind.TOOLKIT and not paths and not watching
    chosen = from_here(paths, Path.cwd())
    options = RunOptions(chosen, markers, keyword, coverage, fail_under, parallel, watching)
    if watching:
        _watch(options)
    click.get_current_context().exit(_test_once(options, output))


def _test_once(options: RunOptions, output: str) -> ExitCode:
    from dataclasses import asdict

    from local.project import find_project
    from local.setup import prepared_python
    from local.testing import run_tests

    project = find_project(Path.cwd())
    stream = sys.stderr if output == "json" else sys.stdout
    report = run_tests(project, prepared_python(project), options, stream=stream)
    if output == "json":
        emit({"ok": report.ok, **asdict(report)}, output, str)
    return ExitCode.DONE if report.ok else ExitCode.FAILED


def _watch(options: RunOptions) -> None:
    from local.project import find_project
    from local.watching import changes, run_on_change

    root = find_project(Path.cwd()).root
    with changes(root) as bursts:
        run_on_change(lambda: _test_once(options, "text"), bursts, note)


@cli.command()
@click.option("--fix", is_flag=True, help="Mend what can be mended.")
@output_options
def lint(fix: bool, output: str) -> None:
    """Run the quality gates: format, lint, types, security, secrets.

    Example: local_runner.py lint --fix
    """
    from local.checks import run_gates
    from local.project import find_project
    from local.setup import prepared_python

    project = find_project(Path.cwd())
    _finish(run_gates(project, prepared_python(project), fix=fix), output)


def _finish(outcomes: list[Outcome], output: str, not_scanned: tuple[str, ...] = ()) -> None:
    """Show what the gates said, and end with the exit code that follows from it."""
    from local.checks import exit_code, unavailable

    code = exit_code(outcomes)
    for outcome in outcomes:
        if not outcome.passed:
            note(
                f"{outcome.name}{'' if outcome.found else ' ' + outcome.word}:\n{outcome.output}\n"
            )
    result: dict[str, object] = {"ok": code is ExitCode.DONE}
    result["gates"] = [outcome.as_json() for outcome in outcomes]
    if not_scanned:
        result["not_scanned"] = list(not_scanned)
    if code is ExitCode.UNAVAILABLE:
        error = unavailable(outcomes)
        result["error"] = {"code": error.code, "message": error.message, "hint": error.hint}
    rows = [(outcome.name, outcome.word) for outcome in outcomes]
    rows += [(name, "not scanned") for name in not_scanned]
    emit(result, output, lambda: table(("gate", "result"), rows))
    if code is ExitCode.UNAVAILABLE and output != "json":
        raise unavailable(outcomes)
    click.get_current_context().exit(code)


@cli.command()
@click.option(
    "--lld",
    type=click.Path(path_type=Path),
    help="Design to rehearse with.  [default: the small example]",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to leave the generated repository in.  [default: it is removed]",
)
@output_options
def rehearse(lld: Path | None, keep: Path | None, output: str) -> None:
    """Turn a design into a service and run that service's own lint, types and tests.

    Example: local_runner.py rehearse --lld LLDs/3.1.2_LLD_Auth_Lambda.md --keep rehearsed
    """
    import tempfile
    from dataclasses import asdict

    from common.progress import step
    from local.rehearsal import default_design, rehearse

    stages: list[Stage] = []
    with tempfile.TemporaryDirectory(prefix="bbws-rehearsal-") as temporary:
        design, folder = lld or default_design(), keep or Path(temporary)
        for stage in rehearse(design, folder, step, kept=keep is not None):
            stages.append(stage)
            if stage.details:
                note(stage.details)
    passed = all(stage.passed for stage in stages)
    emit(
        {"ok": passed, "stages": [asdict(stage) for stage in stages]},
        output,
        lambda: _summary(stages),
    )
    click.get_current_context().exit(ExitCode.DONE if passed else ExitCode.FAILED)


def _summary(stages: list[Stage]) -> str:
    rows = [(s.name, _word(s.passed), s.result, f"{s.seconds:.1f} s") for s in stages]
    return table(("stage", "result", "what came of it", "time"), rows)


def _word(passed: bool) -> str:
    return "ok" if passed else "FAILED"


@cli.command("lambda")
@click.option(
    "--event", type=click.Path(path_type=Path), required=True, help="Event to invoke with (JSON)."
)
@click.option("--function", help="Function to invoke.  [default: the one the event is for]")
@click.option("--watch", "watching", is_flag=True, help="Invoke again after each change.")
@click.option("--localstack", is_flag=True, help="Call LocalStack, where it runs.")
@click.option(
    "--sandbox",
    "sandbox_name",
    default="default",
    show_default=True,
    envvar="BBWS_SANDBOX",
    help="Sandbox to call, where it runs; moto takes its place otherwise.",
)
@output_options
def lambda_(
    event: Path,
    function: str | None,
    watching: bool,
    localstack: bool,
    sandbox_name: str,
    output: str,
) -> None:
    """Invoke a function of the service, from its source, with an event.

    \b
    Examples:
      local_runner.py lambda --event event.json
      local_runner.py lambda --event event.json --function get_bookmark --watch
    """
    from local.invoke import Options

    options = Options(event, function, localstack, sandbox_name)
    if watching:
        _watch_lambda(options)
    click.get_current_context().exit(_invoke_once(options, output))


def _invoke_once(options: InvokeOptions, output: str) -> ExitCode:
    from dataclasses import asdict

    from local.invoke import described, invoke, show_logs
    from local.project import find_project

    invocation = invoke(find_project(Path.cwd()), options, warn)
    show_logs(invocation)
    emit(asdict(invocation), output, lambda: described(invocation))
    note(f"{invocation.function}: {invocation.duration_ms:.0f} ms, with {invocation.aws}")
    return ExitCode.DONE if invocation.ok else ExitCode.FAILED


def _watch_lambda(options: InvokeOptions) -> None:
    from local.project import find_project
    from local.watching import changes, run_on_change

    with changes(find_project(Path.cwd()).root) as bursts:
        run_on_change(lambda: _invoke_once(options, "text"), bursts, note)


@cli.command()
@click.option("--build", is_flag=True, help="Build the image first.")
@click.option("--event", type=click.Path(path_type=Path), help="Event to invoke with (JSON).")
@click.option("--function", help="Function to invoke.  [default: the image's own]")
@click.option("--scan/--no-scan", default=True, show_default=True, help="Scan the image.")
@output_options
def docker(build: bool, event: Path | None, function: str | None, scan: bool, output: str) -> None:
    """Run the service's container image: build, invoke once, scan.

    Example: local_runner.py docker --build
    """
    from dataclasses import asdict

    from common.progress import step
    from local.container import Options, described, exit_code, run_container
    from local.project import find_project

    outcome = run_container(find_project(Path.cwd()), Options(build, event, function, scan), step)
    emit(asdict(outcome), output, lambda: described(outcome))
    click.get_current_context().exit(exit_code(outcome))


@cli.command()
@output_options
def security(output: str) -> None:
    """Look for unsafe code and, in the toolkit, for secrets; say what is not scanned.

    Example: local_runner.py security
    """
    from local.checks import SCANS, run_gates, unscanned
    from local.project import find_project
    from local.setup import prepared_python

    project = find_project(Path.cwd())
    left = unscanned(project.kind)
    note(f"not scanned: {', '.join(left)}")
    _finish(run_gates(project, prepared_python(project), names=SCANS), output, left)


@cli.command("pre-commit")
@output_options
def pre_commit(output: str) -> None:
    """Run the git hooks over all files.

    Example: local_runner.py pre-commit
    """
    from local.hooks import run_hooks
    from local.project import find_project
    from local.setup import prepared_python

    project = find_project(Path.cwd())
    outcome = run_hooks(project, prepared_python(project))
    emit({"ok": outcome.passed, "output": outcome.output}, output, lambda: outcome.output)
    click.get_current_context().exit(ExitCode.DONE if outcome.passed else ExitCode.FAILED)


if __name__ == "__main__":
    cli()
