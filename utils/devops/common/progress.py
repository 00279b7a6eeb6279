"""Long work shows itself: a spinner on a terminal, one line a step elsewhere, on standard error."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from common.output import is_live, tint


@contextmanager
def step(text: str) -> Iterator[None]:
    """Show `text` while the block runs, then how it ended and how long it took.

    An exception passes through; the step is then shown as failed.
    """
    started = time.monotonic()
    try:
        if is_live():
            with _spinner(text):
                yield
        else:
            click.echo(f"… {text}", err=True)
            yield
    except BaseException:
        _end("✗", "red", text, started)
        raise
    _end("✓", "green", text, started)


@contextmanager
def _spinner(text: str) -> Iterator[None]:
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


def _end(mark: str, colour: str, text: str, started: float) -> None:
    click.echo(f"{tint(mark, colour)} {text} ({time.monotonic() - started:.1f} s)", err=True)
