"""Options that several commands of `deploy_cli.py` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from common.options import F


def version_option(command: F) -> F:
    """`--version`, a release tag."""
    return click.option("--version", required=True, help="Release tag, such as v1.0.0.")(command)


def decision_options(command: F) -> F:
    """Decisions that are recorded with the deployment."""
    for name, text in (
        ("--fix-forward", "Do not hold new alarms that name no version against a fix."),
        ("--allow-no-traffic", "Accept functions without requests and without probes."),
    ):
        command = click.option(name, is_flag=True, help=f"{text}  Recorded.")(command)
    return command


def reason_option(command: F) -> F:
    """`--reason`."""
    return click.option("--reason", default="", help="Why, for the ledger and the audit log.")(
        command
    )


def allow_destroy_option(command: F) -> F:
    """`--allow-destroy`, one address at a time."""
    return click.option(
        "--allow-destroy", multiple=True, metavar="ADDRESS",
        help="Stateful resource that Terraform may destroy or replace; once for each.",
    )(command)  # fmt: skip
