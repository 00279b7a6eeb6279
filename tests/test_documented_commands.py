"""Every documented command line parses exactly as written, and every command explains itself."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import click
import pytest

from tests.conftest import ROOT
from tests.support.contracts import SCRIPTS, documented_commands


def load(script: str) -> click.Group:
    group = importlib.import_module(script).cli
    assert isinstance(group, click.Group)
    return group


def commands(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield name, command
        if isinstance(command, click.Group):
            yield from commands(command)


def leaves() -> list[tuple[str, str, click.Command]]:
    return [(script, *pair) for script in SCRIPTS for pair in commands(load(script))]


@pytest.mark.parametrize(
    ("script", "words"),
    documented_commands(),
    ids=[" ".join([script, *words]) for script, words in documented_commands()],
)
def test_documented_line_parses(script: str, words: list[str]) -> None:
    command: click.Command = load(script)
    context = click.Context(command, info_name=script)
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        assert found is not None, f"{script} has no command {words[0]!r}"
        command, words = found, words[1:]
        context = click.Context(command, parent=context, info_name=command.name)
    command.make_context(command.name, list(words), parent=context.parent)


def test_the_eleven_scripts_stand_at_their_documented_paths() -> None:
    assert [s for s in SCRIPTS if not (ROOT / "utils" / "devops" / f"{s}.py").is_file()] == []


@pytest.mark.parametrize(
    ("script", "name", "command"), leaves(), ids=[f"{s} {n}" for s, n, _ in leaves()]
)
def test_every_command_and_option_has_help(script: str, name: str, command: click.Command) -> None:
    assert command.help, f"{script} {name} has no help"
    assert "Example" in command.help or isinstance(command, click.Group)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{script} {name} {parameter.opts[0]} has no help"


@pytest.mark.parametrize(
    ("script", "name", "command"),
    [leaf for leaf in leaves() if not isinstance(leaf[2], click.Group)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_command_can_print_json(script: str, name: str, command: click.Command) -> None:
    spellings = {word for parameter in command.params for word in parameter.opts}
    assert "-o" in spellings, f"{script} {name} has no -o"
