"""Test-driven mode: run, wait for a change, run again."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from common.errors import DevopsError, UnavailableError

_CACHES = (".cache", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "htmlcov")
_IGNORED = (".git", ".venv", *_CACHES)
_WRITTEN_BY_RUNS = (r"^\.coverage",)
"""Names of files that a run leaves behind, which are no reason for another run."""

_Bursts = queue.SimpleQueue[set[Path] | Exception | None]
_START_S = 10
_LOOK_MS = 200
"""How often the watcher answers although nothing changed: it can be stopped then."""


@contextmanager
def changes(root: Path) -> Iterator[Iterable[set[Path]]]:
    """The files of each burst of changes below `root`, also of those that nobody waited for yet.

    The watching has begun when the context is entered, and ends with it.

    Raises:
        UnavailableError: The system does not let the folder be watched.
    """
    bursts: _Bursts = queue.SimpleQueue()
    begun, stop = threading.Event(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(root, bursts, begun, stop), daemon=True)
    watcher.start()
    begun.wait(_START_S)
    try:
        yield iter(lambda: _together(bursts), None)
    finally:
        stop.set()
        watcher.join(_START_S)


def run_on_change(
    run: Callable[[], object], bursts: Iterable[set[Path]], say: Callable[[str], None]
) -> None:
    """Call `run` now and after each burst of changes.

    A run that cannot be made is said and not the end: the next change may be its mending.
    """
    _run(run, say)
    for burst in bursts:
        say(f"changed: {', '.join(sorted(path.name for path in burst))}")
        _run(run, say)


def _run(run: Callable[[], object], say: Callable[[str], None]) -> None:
    try:
        run()
    except DevopsError as error:
        say(f"error: {error.message}")
        if error.hint:
            say(f"hint: {error.hint}")
    say("waiting for changes (Ctrl-C ends)")


def _watch(
    root: Path,
    bursts: _Bursts,
    begun: threading.Event,
    stop: threading.Event,
) -> None:
    from watchfiles import DefaultFilter, watch

    quiet = DefaultFilter(
        ignore_dirs=[*DefaultFilter.ignore_dirs, *_IGNORED],
        ignore_entity_patterns=[*DefaultFilter.ignore_entity_patterns, *_WRITTEN_BY_RUNS],
    )
    looks = watch(
        root, watch_filter=quiet, stop_event=stop, rust_timeout=_LOOK_MS, yield_on_timeout=True
    )
    try:
        for burst in looks:
            # The first answer, of changes or of none, says that the watching has begun.
            begun.set()
            if burst:
                bursts.put({Path(name) for _, name in burst})
    except (OSError, RuntimeError) as error:
        bursts.put(error)
    finally:
        begun.set()
        bursts.put(None)


def _together(bursts: _Bursts) -> set[Path] | None:
    """The next burst, with those that have come since: one run answers them all."""
    together: set[Path] = set()
    while not together or not bursts.empty():
        burst = bursts.get()
        if burst is None:
            return None
        if isinstance(burst, Exception):
            raise UnavailableError(f"changes cannot be watched: {burst}") from burst
        together |= burst
    return together
