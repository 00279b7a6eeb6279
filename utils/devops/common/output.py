"""Standard output is the result and nothing else: text for people, one JSON document for tools."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from common.streams import require_reader


def emit(result: Any, output: str, render: Callable[[], str]) -> None:
    """Print the result: `result` as JSON when `output` is `json`, else what `render` returns.

    Raises:
        ReaderGoneError: The reader left before this, not the first result of a series.
    """
    require_reader()
    if output == "json":
        import json

        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    text = render()
    if text:
        click.echo(text)


def note(text: str) -> None:
    """Say what is not the result (progress, a next step), on standard error."""
    click.echo(text, err=True)


def warn(text: str) -> None:
    """A `warning:` line on standard error."""
    click.echo(tint("warning: ", "yellow") + text, err=True)


def is_live(stream: Any = None) -> bool:
    """Whether colour and live displays are welcome: a terminal that can, and no `NO_COLOR`."""
    stream = sys.stderr if stream is None else stream
    unwelcome = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return bool(stream.isatty()) and not unwelcome


def tint(text: str, colour: str) -> str:
    """`text` in a colour where standard error welcomes it."""
    return click.style(text, fg=colour) if is_live() else text


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None
) -> str:
    """A table as text, as wide as the terminal, or as wide as its content when piped."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(
        *columns,
        title=title,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        pad_edge=False,
        show_edge=False,
    )
    for row in rows:
        grid.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else 400
    console = Console(width=width, color_system="standard" if is_live(sys.stdout) else None)
    with console.capture() as captured:
        console.print(grid)
    return "\n".join(line.rstrip() for line in captured.get().strip("\n").splitlines())
