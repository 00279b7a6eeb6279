"""Deploy, promote, watch and roll back services (Skills 8 and 9)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

from typing import TYPE_CHECKING, Any

import click

from common.boundary import Cli
from common.options import (
    aws_options,
    dry_run_option,
    env_option,
    output_options,
    service_option,
    yes_option,
)
from deploy.options import allow_destroy_option, decision_options, reason_option, version_option

if TYPE_CHECKING:
    from common.environments import Environment
    from deploy.promotion.promoting import Request
    from deploy.site import Site

_ORDER = ("dev", "sit", "prod")


@click.group(cls=Cli)
def cli() -> None:
    """Deploy, promote, watch and roll back services."""


@cli.command()
@service_option
@decision_options
@click.option("--image", metavar="URI@sha256:…", help="Deploy this image of ECR, not a package.")
@allow_destroy_option
@aws_options
@dry_run_option
@output_options
def dev(allow_destroy: tuple[str, ...], output: str, **raw: Any) -> None:
    """Build a service, deploy it to dev and test it there.

    Example: deploy_cli.py dev --service auth
    """
    from deploy.display.showing import show_outcome
    from deploy.promotion.deploying_dev import deploy_dev
    from deploy.site import Extras

    site = _site(_environment("dev"), raw)
    outcome = deploy_dev(site, _request(raw), Extras(frozenset(allow_destroy)))
    show_outcome(outcome, site.service, "dev", output)


@cli.command("promote-sit")
@service_option
@version_option
@decision_options
@click.option("--no-wait", is_flag=True, help="Start the pipeline and do not follow it.")
@aws_options
@dry_run_option
@output_options
def promote_sit(output: str, **raw: Any) -> None:
    """Promote a release that succeeded in dev to sit; the dev lead approves.

    Example: deploy_cli.py promote-sit --service auth --version v1.0.0
    """
    _promote("sit", output, raw)


@cli.command("promote-prod")
@service_option
@version_option
@decision_options
@click.option(
    "--hotfix", is_flag=True, help="A fix of what is live: the business owner approves alone."
)
@click.option("--no-wait", is_flag=True, help="Start the pipeline and do not follow it.")
@aws_options
@dry_run_option
@output_options
def promote_prod(output: str, **raw: Any) -> None:
    """Promote a release that succeeded in sit to prod; business owner and tech lead approve.

    Example: deploy_cli.py promote-prod --service auth --version v1.0.0
    """
    _promote("prod", output, raw)


@cli.command()
@service_option
@aws_options
@dry_run_option
@output_options
def hotfix(output: str, dry_run: bool, **raw: Any) -> None:
    """Start a hotfix from the release that is live in prod.

    Example: deploy_cli.py hotfix --service auth
    """
    from common.errors import RefusedError
    from common.output import emit
    from deploy.promotion.hotfixing import start_hotfix

    site = _site(_environment("prod"), raw)
    if site.checkout is None:
        raise RefusedError(f"this is not the repository of {site.service!r}")
    made = start_hotfix(site.checkout, site.ledger().live(), dry_run=dry_run)
    steps = made.next_commands(site.service)
    data = {"base": made.base, "version": made.version, "branch": made.branch, "next": steps}
    lines = [f"{made.version} on {made.branch}, from {made.base}", *(f"  {s}" for s in steps)]
    emit(data, output, lambda: "\n".join(lines))


@cli.command()
@env_option
@service_option
@click.option("--watch", is_flag=True, help="Follow the deployment until it ends.")
@click.option("--health-check", is_flag=True, help="Also ask the service whether it is healthy.")
@aws_options
@output_options
def monitor(env: Environment, watch: bool, health_check: bool, output: str, **raw: Any) -> int:
    """Show a deployment as it moves.

    Example: deploy_cli.py monitor --env dev --service auth
    """
    from common.output import emit, note
    from deploy.display.view import status_text
    from deploy.display.watching import follow, status, unhealthy

    site = _site(env, raw)
    if watch:
        for seen in follow(site):
            note(status_text(seen))
    data = status(site)
    failures = unhealthy(site) if health_check else ()
    if health_check:
        data["unhealthy"] = list(failures)
    emit(data, output, lambda: "\n".join([status_text(data), *failures]))
    return 1 if failures else 0


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
@click.option("--emergency", is_flag=True, help="Without approval; needs --reason.  Recorded.")
@click.option("--no-wait", is_flag=True, help="Start the pipeline and do not follow it.")
@reason_option
@allow_destroy_option
@aws_options
@dry_run_option
@output_options
def rollback(
    env: Environment, list_only: bool, version: str | None, output: str, **raw: Any
) -> None:
    """Go back to an earlier release, or list those there are.

    Example: deploy_cli.py rollback --env prod --version v0.9.0 --component full
    """
    from common.errors import UsageProblemError
    from deploy.display.showing import show_list

    site = _site(env, raw)
    if list_only:
        show_list(site.ledger(), site.artifacts(), output)
        return
    if version is None:
        raise UsageProblemError("which release? --version is missing", hint="--list shows them")
    _roll_back(site, version, output, raw)


@cli.command()
@env_option
@service_option
@reason_option
@aws_options
@dry_run_option
@output_options
def abort(env: Environment, reason: str, dry_run: bool, output: str, **raw: Any) -> None:
    """Stop a running deployment; its traffic is back when this returns.

    Example: deploy_cli.py abort --env prod --service auth --reason "wrong release"
    """
    from common.output import emit
    from deploy.execution.recovering import stop

    done = stop(_site(env, raw), reason, dry_run=dry_run)
    emit(done.data, output, lambda: done.text)


@cli.command()
@env_option
@service_option
@click.option("--back", is_flag=True, help="Roll back instead of going on.")
@aws_options
@dry_run_option
@output_options
def resume(env: Environment, back: bool, dry_run: bool, output: str, **raw: Any) -> None:
    """Finish the deployment that a dead runner left, or roll it back.

    Outside their pipelines, deployments of sit and prod only go back.

    Example: deploy_cli.py resume --env dev --service auth
    """
    from common.output import emit
    from deploy.execution.recovering import finish

    done = finish(_site(env, raw), back=back, dry_run=dry_run)
    emit(done.data, output, lambda: done.text)


@cli.command()
@env_option
@service_option
@click.option("--incident", required=True, help="Incident that is solved; `status` names it.")
@click.option("--reason", required=True, help="What was done about it.")
@aws_options
@dry_run_option
@output_options
def unblock(
    env: Environment, incident: str, reason: str, dry_run: bool, output: str, **raw: Any
) -> None:
    """Let deployments begin again after an incident.

    Example: deploy_cli.py unblock --env prod --incident INC-1 --reason "fixed in v1.0.1"
    """
    from common.output import emit
    from deploy.execution.recovering import unblock as clear

    done = clear(_site(env, raw), incident, reason, dry_run=dry_run)
    emit(done.data, output, lambda: done.text)


@cli.command()
@env_option
@service_option
@aws_options
@output_options
def status(env: Environment, output: str, **raw: Any) -> None:
    """Show where a service stands: ledger and AWS side by side.

    Example: deploy_cli.py status --env prod --service auth
    """
    from common.output import emit
    from deploy.display.view import status_text
    from deploy.display.watching import status as look

    data = look(_site(env, raw))
    emit(data, output, lambda: status_text(data))


@cli.command()
@env_option
@service_option
@click.option("--clear-weights", is_flag=True, help="Remove weights that a dead run left over.")
@aws_options
@dry_run_option
@output_options
def preflight(env: Environment, clear_weights: bool, dry_run: bool, output: str, **raw: Any) -> int:
    """Check everything that a deployment checks before its first change.

    Example: deploy_cli.py preflight --env prod --service auth
    """
    from common.output import emit
    from deploy.display.view import checks_text
    from deploy.preflight.preflighting import clear, look

    site = _site(env, raw)
    if clear_weights:
        clear(site, dry_run=dry_run)
    checks = look(site)
    data = [{"check": c.name, "ok": c.ok, "found": c.detail} for c in checks]
    emit({"checks": data}, output, lambda: checks_text(checks))
    return 0 if all(check.ok for check in checks) else 3


@cli.command()
@env_option
@service_option
@click.option("--keep", type=click.IntRange(2), default=5, show_default=True, help="Releases kept.")
@aws_options
@yes_option
@dry_run_option
@output_options
def prune(env: Environment, keep: int, yes: bool, dry_run: bool, output: str, **raw: Any) -> None:
    """Remove versions and packages that no rollback could need.

    Example: deploy_cli.py prune --env dev --service auth --keep 5 --dry-run
    """
    from common.output import emit
    from deploy.rollback.pruning import plan_pruning
    from deploy.rollback.pruning import prune as remove

    site = _site(env, raw)
    functions, artifacts, ledger = site.functions(), site.artifacts(), site.ledger()
    names = site.resources().functions
    planned = plan_pruning(functions, artifacts, ledger.deployments(), ledger.head(), names, keep)
    lines = [*(f"{name}:{number}" for name, number in planned.versions), *planned.packages]
    if lines and not dry_run:
        if not yes:
            click.confirm(f"remove {len(lines)} versions and packages?", abort=True, err=True)
        remove(functions, artifacts, planned)
    data = {"removed": lines, "kept": list(planned.kept), "dry_run": dry_run}
    emit(data, output, lambda: "\n".join([*lines, f"kept: {', '.join(planned.kept) or 'nothing'}"]))


@cli.command()
@service_option
@click.option("--env", "only", help="One environment only.  [default: dev, sit and prod]")
@click.option("--profile", help="AWS profile.  [default: each environment's]")
@click.option("--version", help="Also a release: proven there, and its bytes are there.")
@output_options
def verify(only: str | None, version: str | None, output: str, **raw: Any) -> int:
    """Check the chain of the ledger and the bytes that run, in every environment.

    Example: deploy_cli.py verify --service auth
    """
    from common.output import emit, table
    from deploy.ledger.verifying import differences, release_problems
    from deploy.ledger.verifying import verify as check

    sites = [_site(_environment(name), raw) for name in ((only,) if only else _ORDER)]
    found = [check(site) for site in sites]
    problems = [f"{one.environment}: {text}" for one in found for text in one.problems]
    problems += differences(found)
    if version is not None:
        problems += [text for site in sites for text in release_problems(site, version)]
    rows = [(o.environment, o.version, o.digest[:12], o.entries) for o in found]
    data = {
        "environments": [
            dict(zip(("name", "version", "digest", "entries"), r, strict=True)) for r in rows
        ],
        "problems": problems,
    }
    shown = table(("environment", "live", "digest", "entries"), rows)
    emit(data, output, lambda: "\n".join([shown, *(problems or ["chain and bytes hold"])]))
    return 1 if problems else 0


def _environment(name: str) -> Environment:
    from common.environments import environment

    return environment(name)


def _site(environment: Environment, raw: dict[str, Any]) -> Site:
    from common.interrupts import hear_first_only
    from deploy.site import Where, open_site

    hear_first_only()
    given = {key: raw.get(key) for key in ("service", "region", "profile")}
    return open_site(Where(environment, dr=bool(raw.get("dr")), **given))


def _request(raw: dict[str, Any]) -> Request:
    from deploy.model import Options
    from deploy.promotion.promoting import Request

    return Request(
        version=raw.get("version") or "",
        options=Options(bool(raw.get("fix_forward")), bool(raw.get("allow_no_traffic"))),
        dry_run=bool(raw.get("dry_run")),
        wait=not raw.get("no_wait"),
        hotfix=bool(raw.get("hotfix")),
        image=raw.get("image") or "",
    )


def _promote(name: str, output: str, raw: dict[str, Any]) -> None:
    """Inside the pipeline's run it is done; anywhere else it is asked for."""
    from deploy.display.showing import show_outcome
    from deploy.promotion.promoting import ask_for, in_pipeline, perform
    from deploy.repository import check_tag

    check_tag(raw["version"])
    target = _environment(name)
    if in_pipeline():
        site = _site(target, raw)
        outcome = perform(site, _request(raw))
    else:
        site = _site(_environment(target.promotes_from or "dev"), raw)
        outcome = ask_for(site, target, _request(raw))
    show_outcome(outcome, site.service, target.name, output)


def _roll_back(site: Site, version: str, output: str, raw: dict[str, Any]) -> None:
    from common.output import emit
    from deploy.display.showing import show_back
    from deploy.execution.plan import Component
    from deploy.rollback.rolling_back import BackTo, ask_pipeline, must_ask, roll_back

    wanted = BackTo(
        version, Component(raw["component"]), raw["reason"], raw["emergency"], raw["dry_run"],
        frozenset(raw["allow_destroy"]),
    )  # fmt: skip
    if must_ask(site, wanted):
        run = ask_pipeline(site, wanted, wait=not raw["no_wait"])
        emit({"run": run}, output, lambda: f"run {run}")
        return
    back = roll_back(site, wanted)
    show_back(back, wanted, site.service, output)


if __name__ == "__main__":
    cli()
