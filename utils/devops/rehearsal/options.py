"""The options of `pipeline_test.py` that more than one command has, or that one has many of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from common.options import output_choice

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.options import F

FILE = click.Path(dir_okay=False, path_type=Path)


def _together(command: F, *options: Callable[[F], F]) -> F:
    """The command with these options, in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def workflow_option(command: F) -> F:
    """`--workflow`, a workflow file or a folder of them."""
    return click.option(
        "--workflow",
        type=click.Path(path_type=Path),
        required=True,
        help="Workflow file, or a folder of workflows.",
    )(command)


report_options = output_choice(
    "json",
    "sarif",
    "github",
    about="Print for people, as JSON, as SARIF, or as annotations of a GitHub run.",
)
"""`-o/--output` as everywhere, with two more forms for reports of findings; and `--debug`."""


def reports_option(command: F) -> F:
    """`--reports`, where logs and reports go."""
    return click.option(
        "--reports",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder for logs and reports.  [default: a new one in the user's state folder]",
    )(command)


def ci_options(command: F) -> F:
    """What a local run takes: which jobs, where their steps run, and what they are given."""
    return _together(
        command,
        click.option("--job", help="Run only this job and what it needs."),
        click.option(
            "--event", default="", help="Event to run.  [default: the workflow's most common]"
        ),
        click.option(
            "--input", "inputs", multiple=True, metavar="NAME=VALUE", help="Value of an input."
        ),
        click.option(
            "--engine",
            type=click.Choice(["auto", "containers", "host"]),
            default="auto",
            show_default=True,
            help="Where the steps run; auto takes containers where an engine answers.",
        ),
        click.option(
            "--fail-under",
            type=click.FloatRange(0, 100),
            help="Exit 1 when the coverage is below this.",
        ),
        click.option(
            "--variable",
            "variables",
            multiple=True,
            metavar="NAME[=VALUE]",
            help="Environment variable for the steps; without a value, this process's own.",
        ),
        click.option(
            "--action",
            "actions",
            multiple=True,
            metavar="OWNER/NAME@REF=FOLDER",
            help="A folder to use in place of an action.",
        ),
        click.option(
            "--image",
            "images",
            multiple=True,
            metavar="LABEL=IMAGE",
            help="Container image of a runner.",
        ),
    )


def load_options(command: F) -> F:
    """What a load test takes: its file, what to compare with, and who makes the load."""
    return _together(
        command,
        click.option("--config", type=FILE, required=True, help="Load test (YAML)."),
        click.option(
            "--baseline", type=FILE, help="report.json of an earlier run to compare with."
        ),
        click.option(
            "--processes",
            type=click.IntRange(1, 64),
            default=1,
            show_default=True,
            help="Processes that make the load on this machine.",
        ),
        click.option(
            "--master",
            "expect_workers",
            type=click.IntRange(1, 1000),
            metavar="WORKERS",
            help="Wait for this many workers on other machines and lead them.",
        ),
        click.option(
            "--worker",
            "master",
            metavar="HOST[:PORT]",
            help="Make load for the master on that machine.",
        ),
        click.option(
            "--port",
            type=click.IntRange(1, 65535),
            default=5557,
            show_default=True,
            help="Port on which --master waits for its workers.",
        ),
    )


def chaos_options(command: F) -> F:
    """What an experiment takes: which, on what, for how long; or only its undoing."""
    return _together(
        command,
        click.option(
            "--experiment",
            "experiments",
            multiple=True,
            help="throttle, broken-variable, denied-table or slow-dependency.  [default: all]",
        ),
        click.option(
            "--function", help="Function to experiment on.  [default: the first of the API]"
        ),
        click.option(
            "--variable", help="Variable to break.  [default: the one that names a table]"
        ),
        click.option(
            "--path", help="Path of the API that is called too, so that its alarms can ring."
        ),
        click.option(
            "--seconds",
            type=click.IntRange(10, 900),
            default=300,
            show_default=True,
            help="How long a fault lasts at most.",
        ),
        click.option("--undo", is_flag=True, help="Only undo what an earlier, killed run left."),
    )
