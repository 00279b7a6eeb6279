"""Create and configure GitHub repositories for services (Skill 1)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from common.boundary import Cli
from common.errors import ExitCode
from common.options import aws_options, dry_run_option, lld_option, output_options
from common.output import emit, note, table

if TYPE_CHECKING:
    from repository.changes import Outcome
    from repository.credential_reports import Shown
    from repository.credentials import Aws
    from repository.target import Target

_SETTING = ("from_env", "from_stdin", "from_secrets_manager", "rotate")

F = TypeVar("F", bound=Callable[..., Any])


def repository_options(command: F) -> F:
    """`--name` and `--org`."""
    command = click.option(
        "--org", default="bbws", show_default=True, help="Organisation or user that owns it."
    )(command)
    return click.option("--name", required=True, help="Repository, such as 2_bbws_auth_lambda.")(
        command
    )


def reviewer_option(command: F) -> F:
    """`--reviewer ROLE=TEAM`, for owners whose teams are called something else."""
    return click.option(
        "--reviewer",
        "reviewers",
        multiple=True,
        metavar="ROLE=TEAM|@USER",
        help="Who approves as dev-lead, business-owner or tech-lead.  [default: those teams]",
    )(command)


def _target(
    org: str, name: str, *, dry_run: bool = False, reviewers: tuple[str, ...] = ()
) -> Target:
    from repository.model import Slug
    from repository.target import Target

    return Target(Slug(org, name), dry_run, reviewers)


def _show(outcome: Outcome, output: str) -> None:
    emit(outcome.to_json(), output, outcome.to_text)


@click.group(cls=Cli)
def cli() -> None:
    """Create and configure GitHub repositories for services.

    Needs GITHUB_TOKEN (or GH_TOKEN) of an administrator; GITHUB_API_URL for an Enterprise Server.
    """


@cli.command()
@repository_options
@click.option("--description", help="One line about it.  [default: that of the design]")
@click.option("--topic", "topics", multiple=True, help="Topic beside the house's own.")
@click.option(
    "--lld", type=click.Path(path_type=Path), help="Design that gives description and topics."
)
@click.option("--allow-name", is_flag=True, help="Take a name outside the house's pattern.")
@dry_run_option
@output_options
def create(
    name: str,
    org: str,
    description: str | None,
    topics: tuple[str, ...],
    lld: Path | None,
    allow_name: bool,
    dry_run: bool,
    output: str,
) -> None:
    """Create a private repository with the house's settings, or align an existing one.

    Example: repo_cli.py create --name 2_bbws_auth_lambda --org bbws
    """
    from repository import operations
    from repository.policy import policy

    target = _target(org, name, dry_run=dry_run)
    if not allow_name:
        policy().check_name(name)
    if lld is not None:
        from lld.parse import parse_file
        from repository.setup import described

        stated, found = described(parse_file(lld))
        description, topics = description or stated, (*topics, *found)
    _show(operations.create(target, description, topics), output)


@cli.command()
@repository_options
@click.option("--environments", is_flag=True, help="Create dev, sit and prod with their gates.")
@reviewer_option
@dry_run_option
@output_options
def configure(
    name: str,
    org: str,
    environments: bool,
    reviewers: tuple[str, ...],
    dry_run: bool,
    output: str,
) -> None:
    """Set up the GitHub environments of a repository and their approval gates.

    Example: repo_cli.py configure --name 2_bbws_auth_lambda --environments
    """
    from repository import operations

    if not environments:
        raise click.UsageError("say what to configure: --environments")
    _show(operations.configure(_target(org, name, dry_run=dry_run, reviewers=reviewers)), output)


@cli.command()
@repository_options
@click.option("--env", "env", required=True, help="GitHub environment: dev, sit, prod or a gate.")
@click.option("--from-env", multiple=True, metavar="NAME[=VARIABLE]", help="Secret from there.")
@click.option("--from-stdin", metavar="NAME", help="Secret from standard input.")
@click.option(
    "--from-secrets-manager",
    multiple=True,
    metavar="NAME=SECRET[#KEY]",
    help="Secret from AWS Secrets Manager.",
)
@click.option("--rotate", is_flag=True, help="Replace secrets that are there already.")
@click.option("--role-arn", help="Role of the jobs.  [default: the house's name for it]")
@click.option("--list", "listing", is_flag=True, help="List what is set, with ages; set nothing.")
@click.option("--max-age", type=int, help="With --list: exit 1 for a secret older than these days.")
@click.option(
    "--trust-policy",
    type=click.Choice(["print", "apply"]),
    help="Print, or set, who the role has to trust.",
)
@click.option(
    "--preflight", is_flag=True, help="Tell whether AWS will let this environment's jobs in."
)
@click.option(
    "--workflows",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="With --preflight: checkout to read.  [default: main on GitHub]",
)
@aws_options
@dry_run_option
@output_options
def secrets(output: str, **options: Any) -> None:
    """Set the AWS role and the secrets of one GitHub environment.

    \b
    Examples:
      repo_cli.py secrets --name 2_bbws_auth_lambda --env dev
      repo_cli.py secrets --name 2_bbws_auth_lambda --env dev --from-env SONAR_TOKEN
      repo_cli.py secrets --name 2_bbws_auth_lambda --env prod --preflight
    """
    from repository.credentials import Aws, Sources, set_credentials

    chosen = [key for key in ("listing", "trust_policy", "preflight") if options[key]]
    if len(chosen) > 1:
        raise click.UsageError("--list, --trust-policy and --preflight do not go together")
    setting = [key for key in _SETTING if options[key]]
    if chosen and setting:
        words = f"--{setting[0].replace('_', '-')}"
        raise click.UsageError(f"{words} sets secrets; --list, --trust-policy, --preflight do not")
    target = _target(options["org"], options["name"], dry_run=options["dry_run"])
    aws = Aws(options["region"], options["profile"], options["role_arn"])
    if chosen:
        shown = _shown(chosen[0], target, aws, options)
        emit(shown.document, output, shown.to_text)
        for line in shown.notes:
            note(line)
        click.get_current_context().exit(ExitCode.DONE if shown.ok else ExitCode.FAILED)
    sources = Sources(
        options["from_env"],
        options["from_stdin"],
        options["from_secrets_manager"],
        options["rotate"],
    )
    _show(set_credentials(target, options["env"], sources, aws), output)


def _shown(mode: str, target: Target, aws: Aws, options: dict[str, Any]) -> Shown:
    from repository import credential_reports as reports

    env = options["env"]
    if mode == "listing":
        return reports.ages(target, env, options["max_age"])
    if mode == "trust_policy":
        return reports.trust(target, env, aws, apply=options["trust_policy"] == "apply")
    return reports.subjects(target, env, options["workflows"], aws)


@cli.command()
@repository_options
@click.option("--protect", default="main", show_default=True, help="Branch to protect.")
@click.option("--signed", is_flag=True, help="Demand signed commits too.")
@click.option(
    "--check",
    "checks",
    multiple=True,
    help="Required check.  [default: those the CI workflow reports]",
)
@click.option(
    "--workflows",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Checkout whose workflows name the checks.  [default: main on GitHub]",
)
@dry_run_option
@output_options
def branches(
    name: str,
    org: str,
    protect: str,
    signed: bool,
    checks: tuple[str, ...],
    workflows: Path | None,
    dry_run: bool,
    output: str,
) -> None:
    """Protect a branch: reviews, required checks, no force pushes.

    Example: repo_cli.py branches --name 2_bbws_auth_lambda --protect main
    """
    from repository import operations

    options = operations.Protect(protect, signed, checks, workflows)
    _show(operations.protect(_target(org, name, dry_run=dry_run), options), output)


@cli.command("setup-from-lld")
@lld_option
@click.option("--org", default="bbws", show_default=True, help="Organisation or user that owns it.")
@click.option("--name", help="Repository.  [default: the one the design names]")
@click.option("--allow-name", is_flag=True, help="Take a name outside the house's pattern.")
@click.option(
    "--path",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the checkout.  [default: the repository's name, here]",
)
@reviewer_option
@dry_run_option
@output_options
def setup_from_lld(
    lld: Path,
    org: str,
    name: str | None,
    allow_name: bool,
    path: Path | None,
    reviewers: tuple[str, ...],
    dry_run: bool,
    output: str,
) -> None:
    """Create, generate, configure, protect and push a service's repository.

    Run it again after a failure, or after the design changed: what is done is recognised.

    Example: repo_cli.py setup-from-lld --lld ./LLDs/CPP_Auth_Lambda_LLD.md --org bbws
    """
    from common.progress import step
    from lld.parse import parse_file
    from repository.setup import name_of, set_up

    design = parse_file(lld)
    chosen = name_of(design, name, allow_name=allow_name)
    target = _target(org, chosen, dry_run=dry_run, reviewers=reviewers)
    report = set_up(target, design, path or Path(chosen), step)
    emit(report.to_json(), output, report.to_text)


@cli.command()
@repository_options
@click.option("--url", help="Address that events are sent to (https).  [default: list the hooks]")
@click.option("--event", "events", multiple=True, help="Event to send.  [default: push]")
@click.option("--from-env", metavar="VARIABLE", help="Variable with the secret that signs events.")
@click.option("--rotate", is_flag=True, help="Replace the secret of an existing hook.")
@click.option("--remove", is_flag=True, help="Remove the hook for --url.")
@dry_run_option
@output_options
def webhooks(
    name: str,
    org: str,
    url: str | None,
    events: tuple[str, ...],
    from_env: str | None,
    rotate: bool,
    remove: bool,
    dry_run: bool,
    output: str,
) -> None:
    """List, set or remove the webhooks of a repository.

    \b
    Examples:
      repo_cli.py webhooks --name 2_bbws_auth_lambda
      repo_cli.py webhooks --name 2_bbws_auth_lambda --url URL --from-env HOOK_SECRET
    """
    from repository import hooks

    target = _target(org, name, dry_run=dry_run)
    if url is None:
        found = hooks.list_hooks(target)
        rows = [(h.url, ", ".join(h.events), h.active, h.signed) for h in found]
        emit(
            {"ok": True, "webhooks": [asdict(hook) for hook in found]},
            output,
            lambda: table(("address", "events", "active", "signed"), rows),
        )
        return
    wanted = hooks.Wanted(url, events or ("push",), from_env, rotate, remove)
    _show(hooks.set_hook(target, wanted), output)


@cli.command()
@repository_options
@click.option(
    "--path",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to clone into.  [default: the repository's name, here]",
)
@output_options
def clone(name: str, org: str, path: Path | None, output: str) -> None:
    """Clone a repository over HTTPS with the token, which is kept nowhere.

    Example: repo_cli.py clone --name 2_bbws_auth_lambda
    """
    from repository import operations

    folder = operations.clone(_target(org, name), path or Path(name))
    emit({"ok": True, "path": str(folder)}, output, lambda: str(folder))


@cli.command()
@repository_options
@click.option("--check", is_flag=True, help="Exit 1 on drift, or when a gate is decorative.")
@reviewer_option
@output_options
def status(name: str, org: str, check: bool, reviewers: tuple[str, ...], output: str) -> None:
    """Compare a repository with what the toolkit would set, and judge its gates.

    Every gate is labelled enforcing or decorative, with the reasons. Changes nothing.

    Example: repo_cli.py status --name 2_bbws_auth_lambda --check
    """
    from repository.policy import policy
    from repository.status import read_status

    target = _target(org, name, reviewers=reviewers)
    remote, _ = target.open()
    found = read_status(remote, policy(), target.approvers())
    emit(found.to_json(), output, found.to_text)
    if check and not found.is_clean:
        click.get_current_context().exit(ExitCode.FAILED)


if __name__ == "__main__":
    cli()
