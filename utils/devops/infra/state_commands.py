"""The commands of `terraform_cli.py` that look at what is there: state, workspaces, outputs, locks.

They are loaded with the script; what they do is imported when they are called.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from common.options import dry_run_option, output_options, yes_option
from common.output import emit
from infra.command_line import Duration, approval_option, confirmation, site_options, target_of


@click.command()
@site_options
@click.option(
    "--action",
    type=click.Choice(["list", "show", "mv", "rm", "import", "pull"]),
    default="list",
    show_default=True,
    help="What to do with the state.",
)
@click.option("--address", "addresses", multiple=True, help="Resource; rm takes several.")
@click.option("--to", help="New address, for mv.")
@click.option("--id", "id_", help="What AWS calls the resource, for import.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Pull the whole state, secrets too, to a file."
)
@approval_option
@yes_option
@dry_run_option
@output_options
def state(output: str, action: str, yes: bool, id_: str | None, **raw: Any) -> None:
    """Look at the state, or move, remove and import single resources.

    Example: terraform_cli.py state --env dev --action list
    """
    from infra.site import open_initialised
    from infra.state_actions import StateOptions, Verb, check, run_state

    target = target_of(raw)
    options = StateOptions(Verb(action), id=id_, **raw)
    check(options)
    confirm = confirmation(yes=yes)
    answer = run_state(open_initialised(target), options, lambda text: confirm(text, False))
    emit(answer.document, output, lambda: answer.text)


@click.command()
@site_options
@click.option(
    "--action",
    type=click.Choice(["list", "show", "select", "new", "delete"]),
    default="list",
    show_default=True,
    help="What to do with workspaces.",
)
@click.option("--name", help="The workspace to select, create or delete.")
@dry_run_option
@output_options
def workspace(output: str, action: str, name: str | None, dry_run: bool, **raw: Any) -> None:
    """List, select, create and delete Terraform workspaces within an environment.

    Example: terraform_cli.py workspace --env dev --action list
    """
    from infra.site import open_initialised
    from infra.workspaces import change_workspace, workspace_names, would_change

    if (name is None) != (action in {"list", "show"}):
        raise click.UsageError("--name goes with --action select, new or delete, which need it")
    site = open_initialised(target_of(raw))
    if name is not None:
        if dry_run:
            would = would_change(site, action, name)
            emit({"would": would, "selected": site.workspace}, output, lambda: f"would {would}")
            return
        selected = change_workspace(site, action, name)
        emit({"selected": selected}, output, lambda: f"selected: {selected}")
        return
    names = workspace_names(site) if action == "list" else [site.workspace]
    shown = [f"{'*' if entry == site.workspace else ' '} {entry}" for entry in names]
    emit({"workspaces": names, "selected": site.workspace}, output, lambda: "\n".join(shown))


@click.command("output")
@site_options
@click.option("--name", help="Only this output.")
@output_options
def output_(output: str, name: str | None, **raw: Any) -> None:
    """Show the outputs of the last apply; sensitive ones masked.

    Example: terraform_cli.py output --env dev --name api_url
    """
    import json

    from infra.site import open_initialised
    from infra.state_actions import outputs

    found = outputs(open_initialised(target_of(raw)))
    if name is not None and name not in found:
        raise click.UsageError(f"no output {name!r}; there are: {', '.join(found) or 'none'}")
    shown = found if name is None else {name: found[name]}

    def text(value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    lines = [text(found[name])] if name else [f"{key} = {text(v)}" for key, v in shown.items()]
    emit(shown, output, lambda: "\n".join(lines) or "no outputs")


@click.command()
@site_options
@click.option("--lock-id", help="Break the lock with this very ID.  [default: only show the lock]")
@click.option(
    "--min-age",
    type=Duration(),
    help="Refuse a younger lock.  [default: 10m if its run is known to be dead, else 1h]",
)
@click.option(
    "--repair-checksum", is_flag=True, help="Correct the lock table's checksum of the state."
)
@dry_run_option
@output_options
def unlock(output: str, lock_id: str | None, repair_checksum: bool, **raw: Any) -> None:
    """Show who holds the state's lock, or break the lock of a run that is dead.

    Example: terraform_cli.py unlock --env dev
    """
    from infra.site import open_initialised
    from infra.unlocking import look
    from infra.unlocking import repair_checksum as repair
    from infra.unlocking import unlock as break_lock

    if lock_id is not None and repair_checksum:
        raise click.UsageError("--lock-id and --repair-checksum are two things: one at a time")
    site = open_initialised(target_of(raw))
    if lock_id is None and not repair_checksum:
        held = look(site)
        ids = sorted({lock.id for lock in held.locks})
        result = {"locked": bool(ids), "ids": ids, "activity": held.activity.value}
        lines = [held.text, *([held.hint] if held.hint else [])]
        emit({**result, "text": held.text}, output, lambda: "\n".join(lines))
        return
    dry_run = raw["dry_run"]
    if lock_id is not None:
        text = break_lock(site, lock_id, min_age=raw["min_age"], dry_run=dry_run)
    else:
        text = repair(site, dry_run=dry_run)
    emit({"result": text, "dry_run": dry_run}, output, lambda: text)
