"""Create a service's GitHub Actions pipelines (Skill 4)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from common.boundary import Cli
from common.errors import ExitCode, RefusedError, UnavailableError
from common.options import F, dry_run_option, output_options
from common.output import emit, note, table, warn

if TYPE_CHECKING:
    from codegen.plan import Plan
    from pipelines.generation.build import Pipeline
    from pipelines.generation.pins import Pin, PinChange

PROMOTE_HINT = "promote it: pipeline_cli.py create-promote --env {env}"


def repo_option(command: F) -> F:
    """`--repo`, the folder of the service's repository."""
    return click.option(
        "--repo",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(),
        show_default="this directory",
        help="Folder of the service's repository.",
    )(command)


def writing_options(command: F) -> F:
    """What every command that writes pipelines takes."""
    options: list[Callable[[F], F]] = [
        repo_option,
        click.option("--service", help="Service name.  [default: told by the repository's name]"),
        click.option(
            "--check", is_flag=True, help="Write nothing; exit 1 if anything would change."
        ),
        dry_run_option,
        output_options,
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.group(cls=Cli)
def cli() -> None:
    """Create a service's GitHub Actions pipelines.

    A second run changes nothing, and edits are merged: where a person and the templates changed the
    same lines, the person's file stays, the new text goes beside it as FILE.new, and the exit code
    is 1 until that file is gone.
    """


@cli.command("create-ci")
@writing_options
def create_ci(**options: Any) -> int:
    """Write the CI pipeline: lint, test and security scan on pull requests and pushes.

    Example: pipeline_cli.py create-ci --repo ../2_bbws_auth_lambda
    """
    return _create(["ci.yml"], **options)


@cli.command("create-deploy")
@writing_options
@click.option(
    "--env",
    type=click.Choice(["dev", "sit", "prod"]),
    default="dev",
    show_default=True,
    help="Only dev; sit and prod are refused, as releases are promoted there.",
)
def create_deploy(env: str, **options: Any) -> int:
    """Write the pipeline that deploys to dev on every merge to main, and the CI it calls.

    Example: pipeline_cli.py create-deploy --repo ../2_bbws_auth_lambda --env dev
    """
    if env != "dev":
        raise RefusedError(
            f"nothing is deployed to {env} directly: promotion only",
            hint=PROMOTE_HINT.format(env=env),
        )
    return _create(["deploy-dev.yml"], **options)


@cli.command("create-promote")
@writing_options
@click.option(
    "--env", type=click.Choice(["sit", "prod"]), required=True, help="Environment promoted to."
)
def create_promote(env: str, **options: Any) -> int:
    """Write the pipeline that promotes a release to sit or prod after its approvals.

    Example: pipeline_cli.py create-promote --repo ../2_bbws_auth_lambda --env sit
    """
    return _create([f"promote-{env}.yml"], **options)


@cli.command("create-rollback")
@writing_options
def create_rollback(**options: Any) -> int:
    """Write the pipeline for a manual emergency rollback.

    Example: pipeline_cli.py create-rollback --repo ../2_bbws_auth_lambda
    """
    return _create(["rollback.yml"], **options)


@cli.command("create-release")
@writing_options
def create_release(**options: Any) -> int:
    """Write the pipeline that tags and publishes a release.

    Example: pipeline_cli.py create-release --repo ../2_bbws_auth_lambda
    """
    return _create(["release.yml"], **options)


@cli.command("create-all")
@writing_options
def create_all(**options: Any) -> int:
    """Write all pipelines.

    Example: pipeline_cli.py create-all --repo ../2_bbws_auth_lambda
    """
    from pipelines.generation.build import Pipeline

    return _create([pipeline.value for pipeline in Pipeline], **options)


@cli.command()
@writing_options
def update(repo: Path, **options: Any) -> int:
    """Bring the pipelines that are there up to date, with people's edits merged in.

    Example: pipeline_cli.py update --repo ../2_bbws_auth_lambda --dry-run
    """
    from pipelines.generation.build import Pipeline

    there = [pipeline.value for pipeline in Pipeline if (repo / pipeline.path).is_file()]
    if not there:
        raise UnavailableError(
            f"{str(repo)!r} has none of the pipelines", hint="pipeline_cli.py create-all"
        )
    return _create(there, repo=repo, **options)


@cli.command("list")
@repo_option
@click.option("--service", help="Service name.  [default: told by the repository's name]")
@output_options
def list_(repo: Path, service: str | None, output: str) -> None:
    """List the pipelines there are, and whether this repository has them as they would be written.

    Example: pipeline_cli.py list --repo ../2_bbws_auth_lambda
    """
    from pipelines.generation.build import Pipeline

    plan = plan_pipelines(repo, service, list(Pipeline))
    verbs = {change.path: change.verb.value for change in plan.changes}
    states = {"create": "missing", "identical": "up to date", "update": "outdated"}
    states |= {"keep": "edited", "absent": "deleted"}
    rows = [
        {"pipeline": one.value, "path": one.path, "state": states.get(v := verbs[one.path], v)}
        for one in Pipeline
    ]
    emit(
        {"repository": str(repo), "pipelines": rows},
        output,
        lambda: table(("pipeline", "state"), [(row["pipeline"], row["state"]) for row in rows]),
    )


@cli.command("pins")
@repo_option
@click.option("--update", is_flag=True, help="Ask GitHub for newer releases and pin those.")
@dry_run_option
@output_options
def list_pins(repo: Path, update: bool, dry_run: bool, output: str) -> int:
    """List the actions in use with version and commit, or refresh the toolkit's pins.

    \b
    Examples:
      pipeline_cli.py pins --repo ../2_bbws_auth_lambda
      pipeline_cli.py pins --update
    """
    if update:
        return _update_pins(dry_run, output)
    from pipelines.validation.usage import used_actions

    used = used_actions(repo)
    rows = [(one.action, one.version or "?", one.reference, one.state.value) for one in used]
    emit(
        {"actions": [one.to_data() for one in used]},
        output,
        lambda: table(("action", "version", "commit", "state"), rows) if rows else "no actions",
    )
    return ExitCode.DONE


def plan_pipelines(repo: Path, service: str | None, wanted: Sequence[Pipeline]) -> Plan:
    """What writing these pipelines would do to each path; writes nothing.

    Raises:
        UnavailableError: The repository does not tell its service, or cannot be read.
    """
    from codegen.baseline import read_baseline
    from codegen.plan import make_plan
    from codegen.tools import toolkit_version
    from pipelines.generation.service import service_of

    known = service_of(repo, service)
    before = read_baseline(repo)
    document = before.document if before else ""
    parts = _rendered(known, wanted)
    return make_plan(repo, parts, before, toolkit=toolkit_version(), document=document)


def _rendered(service: Any, wanted: Sequence[Pipeline]) -> list[Any]:
    """One part a workflow: a part's files that are no longer rendered would be taken away."""
    from codegen.code import RenderedFile
    from codegen.plan import PartFiles
    from pipelines.generation.build import workflow_files

    return [
        PartFiles(f"workflows/{Path(path).name}", (RenderedFile(path, text),))
        for path, text in workflow_files(service, wanted)
    ]


@dataclass(frozen=True, slots=True)
class Writing:
    """What the user asked of a command that writes pipelines."""

    repo: Path
    service: str | None
    check: bool
    dry_run: bool
    output: str


def _create(names: Sequence[str], **options: Any) -> int:
    """Plan, say what is planned, and do it unless that was not asked for."""
    from codegen.write import carry_out
    from pipelines.generation.build import Pipeline

    asked = Writing(**options)
    plan = plan_pipelines(asked.repo, asked.service, [Pipeline(name) for name in names])
    if not (asked.check or asked.dry_run):
        carry_out(plan)
    files = [{"path": one.path, "verb": one.verb.value} for one in plan.changes]
    emit(
        {"repository": str(asked.repo), "dry_run": asked.dry_run or asked.check, "files": files},
        asked.output,
        lambda: "\n".join(f"{file['verb']:<10} {file['path']}" for file in files),
    )
    for change in plan.conflicts:
        warn(f"{change.path}: both sides changed the same lines; see {change.path}.new")
    bad = plan.conflicts or (asked.check and plan.changes_anything)
    return ExitCode.FAILED if bad else ExitCode.DONE


def _update_pins(dry_run: bool, output: str) -> int:
    """Refresh the toolkit's pins; a version whose commit has changed is never taken over."""
    from common.github import GitHub
    from pipelines.generation.pins import PINS, pins, refresh, write_pins
    from pipelines.validation.usage import GitHubReleases

    changes = refresh(pins().values(), GitHubReleases(GitHub.from_environment()))
    moved = [change for change in changes if change.moved]
    accepted: list[Pin] = [one.before if one.moved else one.after for one in changes]
    if not dry_run:
        write_pins(PINS, accepted)
    emit(
        {"dry_run": dry_run, "pins": [_pin_data(change) for change in changes]},
        output,
        lambda: table(
            ("action", "from", "to"),
            [(c.before.action, c.before.version, _became(c)) for c in changes],
        ),
    )
    for change in moved:
        warn(f"{change.before.action} {change.before.version} was moved to {change.after.sha}")
    if moved:
        note("a moved tag is how actions are hijacked: nothing was changed for these")
    return ExitCode.FAILED if moved else ExitCode.DONE


def _became(change: PinChange) -> str:
    if change.moved:
        return "MOVED"
    return change.after.version if change.changed else "up to date"


def _pin_data(change: PinChange) -> dict[str, Any]:
    return {
        "action": change.before.action,
        "from": {"version": change.before.version, "sha": change.before.sha},
        "to": {"version": change.after.version, "sha": change.after.sha},
        "changed": change.changed,
        "moved": change.moved,
    }


if __name__ == "__main__":
    cli()
