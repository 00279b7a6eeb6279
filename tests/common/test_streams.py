"""What a script does when nobody reads it, or when what it says cannot be stored."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from common.boundary import Cli
from tests.conftest import ROOT

SCRIPT = """
import sys
sys.path.insert(0, "utils/devops")
import click
from common.boundary import Cli
from common.errors import RefusedError
from common.output import emit, note

@click.group(cls=Cli)
def cli(): "A script."

@cli.command()
@click.option("-o", "output")
def act(output):
    note("working")
    emit({"x": 1}, output, lambda: "done")
    return 1

@cli.command()
@click.option("-o", "output")
def refuse(output):
    raise RefusedError("no")

@cli.command()
def stream():
    for number in range(100_000):
        emit(None, "text", lambda: str(number))
    return 1

cli()
"""


def run(*words: str, **streams: Any) -> subprocess.CompletedProcess[str]:
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    command = [sys.executable, "-c", SCRIPT, *words]
    return subprocess.run(command, cwd=ROOT, text=True, timeout=30, check=False, **settings)


@pytest.fixture
def deserted(tmp_path: Path) -> Any:
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("act",), 1),
        (("act", "-o", "json"), 1),
        (("refuse", "-o", "json"), 3),
        (("stream",), 0),
        (("--help",), 0),
    ],
)
def test_a_reader_that_went_away_changes_no_answer(
    deserted: int, words: tuple[str, ...], code: int
) -> None:
    answer = run(*words, stdout=deserted)
    assert answer.returncode == code
    assert answer.stderr.strip() in {"", "working"}


def test_work_goes_on_when_nobody_reads_its_progress(deserted: int) -> None:
    answer = run("act", stderr=deserted)
    assert (answer.stdout, answer.returncode) == ("done\n", 1)


@pytest.mark.parametrize("words", [("act",), ("act", "-o", "json")])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_result_that_cannot_be_stored_is_one_line(words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        answer = run(*words, stdout=full)
    assert answer.returncode == 4
    assert answer.stderr.splitlines() == [
        "working",
        "error: the result cannot be written: No space left on device",
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_error_that_cannot_be_stored_is_told_on_standard_error() -> None:
    with Path("/dev/full").open("w") as full:
        answer = run("refuse", "-o", "json", stdout=full)
    assert (answer.returncode, answer.stderr) == (3, "error: no\n")


def test_streams_that_were_never_open_are_no_trouble() -> None:
    command = f'exec "{sys.executable}" -c "$0" act >&- 2>&-'
    answer = subprocess.run(["/bin/sh", "-c", command, SCRIPT], cwd=ROOT, timeout=30, check=False)
    assert answer.returncode == 1


def test_a_pipe_to_something_else_is_not_taken_for_a_reader() -> None:
    @click.group(cls=Cli)
    def cli() -> None:
        """A script."""

    @cli.command()
    def act() -> None:
        raise BrokenPipeError(32, "Broken pipe")

    answer = CliRunner().invoke(cli, ["act"])
    assert answer.exit_code == 4
    assert answer.stderr == "error: a program or server ended while it was written to\n"
