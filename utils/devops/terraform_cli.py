"""Plan and apply a service's Terraform, account first and from reviewed plans only (Skill 6)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from common.boundary import Cli
from common.errors import ExitCode
from common.options import (
    aws_options,
    dry_run_option,
    env_option,
    output_options,
    terraform_path_option,
    yes_option,
)
from common.output import emit, note
from infra.command_line import Duration, approval_option, confirmation, site_options, target_of
from infra.state_commands import output_, state, unlock, workspace

if TYPE_CHECKING:
    from infra.review import Review


@click.group(cls=Cli)
def cli() -> None:
    """Plan and apply a service's Terraform, account first and from reviewed plans only."""


@cli.command()
@env_option
@click.option(
    "--repository",
    "repositories",
    multiple=True,
    metavar="OWNER/NAME",
    help="Give this repository's pipelines their roles; repeat for more. "
    "OWNER@ID/NAME@ID where GitHub's tokens carry ids.",
)
@aws_options
@dry_run_option
@output_options
def bootstrap(output: str, dry_run: bool, repositories: tuple[str, ...], **raw: Any) -> None:
    """Create what an empty account lacks: state bucket, locks, artifacts, ledger, topic, OIDC.

    A second run changes nothing. Nothing is ever deleted.

    Example: terraform_cli.py bootstrap --env dev --repository bbws/2_bbws_auth_lambda --dry-run
    """
    import time

    from common.accounts import open_session
    from common.environments import environment
    from infra.bootstrap import Account, carry_out, plan_bootstrap

    where = environment(raw["env"].name, dr=raw["dr"])
    session = open_session(where, region=raw["region"], profile=raw["profile"]).session
    account = Account(session)
    steps = plan_bootstrap(account, where, repositories)
    texts = [step.text for step in steps]
    if not dry_run:
        carry_out(account, steps, lambda step: note(f"done: {step.text}"), time.sleep)
    if not repositories:
        note("no pipeline roles: name repositories with --repository OWNER/NAME")
    verb = "would do" if dry_run else "done"
    result = {"environment": where.name, "dry_run": dry_run, "steps": texts}
    summary = f"{where.name}: nothing to do" if not texts else f"{where.name}: {len(texts)} {verb}"
    emit(result, output, lambda: "\n".join([*(f"  {text}" for text in texts), summary]))


@cli.command()
@site_options
@click.option(
    "--lock",
    type=click.Choice(["both", "file", "table"]),
    default="both",
    show_default=True,
    help="Lock through an object, the DynamoDB table, or both where Terraform can.",
)
@click.option("--upgrade", is_flag=True, help="Take the newest providers the configuration admits.")
@output_options
def init(output: str, lock: str, upgrade: bool, **raw: Any) -> None:
    """Prepare the working directory and the state backend of an environment.

    Always reconfigures, never migrates a state, and verifies what Terraform made of it.

    Example: terraform_cli.py init --env dev --path terraform
    """
    from common.progress import step
    from infra.backend import Locking
    from infra.initialising import initialise
    from infra.site import open_site
    from infra.source import provider_lock_name

    site = open_site(target_of(raw), Locking(lock))
    with step(f"terraform init for {site.environment.name}"):
        backend = initialise(site, upgrade=upgrade)
    lock_file = provider_lock_name(site.folder)
    if lock_file is not None:
        note(f"commit {lock_file}: it fixes the providers that are reviewed, and applied")
    result = {"environment": site.environment.name, "backend": backend.settings()}
    emit(result, output, lambda: f"ready: state in s3://{backend.bucket}/{backend.key}")


@cli.command()
@terraform_path_option
@output_options
def validate(path: Path, output: str) -> int:
    """Check that the configuration is valid.

    Example: terraform_cli.py validate --path terraform
    """
    from dataclasses import asdict

    from infra.folder import open_folder
    from infra.initialising import CHECKS
    from infra.initialising import validate as run_validate

    checked = run_validate(open_folder(path, CHECKS))
    found = [asdict(diagnostic) for diagnostic in checked.diagnostics]
    lines = [f"{entry.severity}: {entry}" for entry in checked.diagnostics]
    verdict = "valid" if checked.valid else "not valid"
    result = {"valid": checked.valid, "diagnostics": found}
    emit(result, output, lambda: "\n".join([*lines, verdict]))
    return ExitCode.DONE if checked.valid else ExitCode.FAILED


@cli.command("format")
@terraform_path_option
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file would change.")
@output_options
def format_(path: Path, check: bool, output: str) -> int:
    """Rewrite the configuration in canonical format.

    Example: terraform_cli.py format --path terraform
    """
    from infra.folder import open_folder
    from infra.initialising import CHECKS, format_files

    changed = format_files(open_folder(path, CHECKS).path, check=check)
    verb = "not formatted" if check else "formatted"
    lines = [f"{verb}: {name}" for name in changed] or ["nothing to format"]
    emit({"changed": changed, "written": not check}, output, lambda: "\n".join(lines))
    return ExitCode.FAILED if check and changed else ExitCode.DONE


@cli.command()
@site_options
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json", "markdown"]),
    help="Form of the review; markdown is for a pull request.  [default: as --output]",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes, 0 if none.")
@click.option(
    "--artifact",
    "artifacts",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Bind the plan to this built file; repeat for more.",
)
@click.option(
    "--max-age",
    type=Duration(),
    default="24h",
    show_default=True,
    help="How long the plan may be applied.",
)
@click.option("--send", is_flag=True, help="Hand the plan over, encrypted, in the state bucket.")
@click.option("--lock-wait", default=0, show_default=True, help="Seconds to wait for the lock.")
@dry_run_option
@output_options
def plan(output: str, shape: str | None, detailed_exitcode: bool, dry_run: bool, **raw: Any) -> int:
    """Plan changes, show them for review and save the plan.

    With --dry-run nothing is registered, handed over or kept: there is no plan to apply then.

    Example: terraform_cli.py plan --env dev --path terraform
    """
    from infra.planning import PlanOptions, make_plan
    from infra.site import open_initialised

    site = open_initialised(target_of(raw))
    review = make_plan(site, PlanOptions(register=not dry_run, **raw))
    _show_review(review, shape or output)
    if review.applicable and review.counts.any:
        note(f"apply it with: terraform_cli.py apply {site.command}")
    return 2 if detailed_exitcode and review.counts.any else ExitCode.DONE


def _show_review(review: Review, shape: str) -> None:
    from infra.review import to_json, to_markdown, to_text

    texts = {"text": to_text, "markdown": to_markdown}
    emit(to_json(review) if shape == "json" else None, shape, lambda: texts[shape](review))


@cli.command()
@site_options
@approval_option
@click.option(
    "--allow-destroy",
    multiple=True,
    metavar="ADDRESS",
    help="Let PROD lose this stateful resource; repeat for each.",
)
@click.option("--max-age", type=Duration(), help="Refuse a plan older than this, such as 30m.")
@click.option("--fetch", is_flag=True, help="Apply the plan handed over with plan --send.")
@dry_run_option
@output_options
def apply(output: str, dry_run: bool, fetch: bool, **raw: Any) -> None:
    """Apply the saved plan, and only that.

    Refused when anything it was made from has changed since; a plan serves once.

    Example: terraform_cli.py apply --env dev --path terraform
    """
    from dataclasses import asdict

    from infra.applying import apply_plan
    from infra.guard import Permission
    from infra.review import summary
    from infra.site import open_initialised

    site = open_initialised(target_of(raw))
    allowed = frozenset(raw["allow_destroy"])
    permission = Permission(raw["approval"], allowed, raw["max_age"])
    applied = apply_plan(site, permission, dry_run=dry_run, fetch=fetch)
    result = {
        "environment": site.environment.name,
        "dry_run": dry_run,
        "counts": asdict(applied.counts),
        "finished": applied.finished,
        "seal": applied.record.seal,
    }
    verb = "would apply" if dry_run else "applied"
    emit(result, output, lambda: f"{verb}: {summary(applied.counts)}")


@cli.command()
@site_options
@yes_option
@dry_run_option
@output_options
def destroy(output: str, yes: bool, dry_run: bool, **raw: Any) -> None:
    """Destroy all that this configuration manages: never in PROD, in SIT after typing its name.

    Example: terraform_cli.py destroy --env dev --path terraform --dry-run
    """
    from dataclasses import asdict

    from infra.destroying import destroy_all, refuse_in_production

    target = target_of(raw)
    refuse_in_production(target.resolved())
    applied = destroy_all(
        target,
        confirm=confirmation(yes=yes),
        show=lambda review: note(_review_text(review)),
        dry_run=dry_run,
    )
    verb = "would destroy" if dry_run else "destroyed"
    result = {"dry_run": dry_run, "counts": asdict(applied.counts), "finished": applied.finished}
    emit(result, output, lambda: f"{verb}: {applied.counts.delete} resources")


def _review_text(review: Review) -> str:
    from infra.review import to_text

    return to_text(review)


@cli.command()
@site_options
@output_options
def drift(output: str, **raw: Any) -> int:
    """Find what was changed outside Terraform; exit 1 when there is anything.

    Example: terraform_cli.py drift --env dev --path terraform
    """
    from infra.drift import find_drift, to_json, to_text
    from infra.site import open_initialised

    found = find_drift(open_initialised(target_of(raw)))
    emit(to_json(found), output, lambda: to_text(found))
    return ExitCode.FAILED if found.found else ExitCode.DONE


for command in (state, workspace, output_, unlock):
    cli.add_command(command)


if __name__ == "__main__":
    cli()
