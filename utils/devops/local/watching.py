"""Test-driven mode: run, wait for a change, run again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

_IGNORED = {".git", ".venv", ".cache", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache"}


def changes(root: Path) -> Iterable[set[Path]]:
    """The files of each burst of changes below `root`, until interrupted."""
    from watchfiles import DefaultFilter, watch

    quiet = DefaultFilter(ignore_dirs=[*DefaultFilter.ignore_dirs, *_IGNORED])
    for burst in watch(root, watch_filter=quiet, raise_interrupt=True):
        yield {Path(name) for _, name in burst}


def run_on_change(
    run: Callable[[], object], bursts: Iterable[set[Path]], say: Callable[[str], None]
) -> None:
    """Call `run` now and after each burst of changes."""
    run()
    say("waiting for changes (Ctrl-C ends)")
    for burst in bursts:
        say(f"changed: {', '.join(sorted(path.name for path in burst))}")
        run()
        say("waiting for changes (Ctrl-C ends)")
