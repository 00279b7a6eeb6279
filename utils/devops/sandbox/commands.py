"""`local_runner.py sandbox …`: start, stop, look at and use a platform on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from common.errors import ExitCode
from common.options import output_options
from common.output import emit, note, table, warn

if TYPE_CHECKING:
    from sandbox.control import Sandbox


def name_option(command: Any) -> Any:
    """`--name`, so that several sandboxes can run side by side."""
    return click.option(
        "--name",
        default="default",
        show_default=True,
        envvar="BBWS_SANDBOX",
        help="Which sandbox; several run side by side.",
    )(command)


@click.group()
def sandbox() -> None:
    """AWS with three accounts, Lambda, its APIs and GitHub, on this machine alone.

    Everything listens on loopback only, and everything ends with `stop`.
    """


@sandbox.command()
@name_option
@click.option("--fresh", is_flag=True, help="Forget what an earlier stop --keep-state kept.")
@output_options
def start(name: str, fresh: bool, output: str) -> None:
    """Start a sandbox and prepare its three accounts; one that runs already is left as it is.

    \b
    Example:
      local_runner.py sandbox start
      eval "$(local_runner.py sandbox env)"
    """
    from common.progress import step
    from sandbox import control

    with step(f"starting sandbox {name}"):
        running, started = control.start(name, fresh=fresh)
    result = {"started": started, **_facts(running)}
    emit(result, output, lambda: _described(running))
    note('to use it: eval "$(local_runner.py sandbox env)"')


@sandbox.command()
@name_option
@click.option("--keep-state", is_flag=True, help="Let the next start go on where this one ended.")
@output_options
def stop(name: str, keep_state: bool, output: str) -> None:
    """Stop a sandbox and everything it started; one that does not run is fine too.

    Example: local_runner.py sandbox stop --keep-state
    """
    from sandbox import control

    stopped = control.stop(name, keep_state=keep_state)
    word = "stopped" if stopped.was_running else "was not running"
    if stopped.lost:
        warn(f"the state of these services could not be kept: {', '.join(stopped.lost)}")
    result = {
        "name": name,
        "stopped": stopped.was_running,
        "state_kept": stopped.was_running and keep_state,
        "lost": list(stopped.lost),
    }
    emit(result, output, lambda: f"sandbox {name} {word}")


@sandbox.command()
@name_option
@output_options
def status(name: str, output: str) -> None:
    """Say whether a sandbox runs, where, and what it was asked; exit 1 when it does not run.

    Example: local_runner.py sandbox status -o json
    """
    from sandbox import control
    from sandbox.fidelity import NOT_EXERCISED

    found = control.find(name)
    if found is None:
        others = control.names()
        result = {"name": name, "running": False, "others": others}
        more = f"; running: {', '.join(others)}" if others else ""
        emit(result, output, lambda: f"sandbox {name} is not running{more}")
        click.get_current_context().exit(ExitCode.FAILED)
    facts = {"running": True, **_facts(found), **found.ask("status")}
    facts["not_exercised"] = list(NOT_EXERCISED)
    emit(facts, output, lambda: _described(found, facts))


@sandbox.command()
@name_option
@output_options
def env(name: str, output: str) -> None:
    """Print the variables that make every tool use the sandbox, for the shell's `eval`.

    Example: eval "$(local_runner.py sandbox env)"
    """
    from sandbox import control

    exports = control.require(name).exports
    result = {"set": dict(exports.variables), "unset": list(exports.unset)}
    emit(result, output, exports.shell)


@sandbox.command()
@name_option
@click.option("--run", "run", type=int, required=True, help="Workflow run that waits.")
@click.option(
    "--as",
    "person",
    required=True,
    help="Who approves: dev-lead, business-owner or tech-lead.",
)
@click.option("--reject", is_flag=True, help="Reject instead.")
@click.option("--comment", default="", help="What the approval says.")
@click.option("--repo", help="Repository as owner/name.  [default: the one with this run]")
@output_options
def approve(
    name: str, run: int, person: str, reject: bool, comment: str, repo: str | None, output: str
) -> None:
    """Approve what waits in a workflow run of the sandbox's GitHub, as one of its people.

    Example: local_runner.py sandbox approve --run 1042 --as business-owner
    """
    from dataclasses import asdict

    from sandbox import control
    from sandbox.approvals import Decision, decide

    decision = Decision(run, person, not reject, comment, repo)
    done = decide(control.require(name), decision)
    emit(
        asdict(done),
        output,
        lambda: f"{done.state}: {', '.join(done.environments)} of run {run}, by {person}",
    )


def _facts(found: Sandbox) -> dict[str, Any]:
    running = found.running
    return {
        "name": running.name,
        "pid": running.pid,
        "started_at": running.started,
        "aws": running.endpoint,
        "github": running.github,
        "proxy": running.proxy,
        "folder": str(found.where.folder),
    }


def _described(found: Sandbox, more: dict[str, Any] | None = None) -> str:
    rows = [(key.replace("_", " "), value) for key, value in _facts(found).items()]
    if more:
        calls = ", ".join(f"{service} {count}" for service, count in more["requests"].items())
        rows += [("functions", more["functions"]), ("calls", calls or "none")]
    return table(("sandbox", ""), rows)
