"""What Locust's processes print, second by second, and how it is shown while it goes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from common.live import LiveTable
from common.masking import mask
from common.output import note
from rehearsal.load.counts import Count, Counts, load_counts

if TYPE_CHECKING:
    from rich.table import Table

    from rehearsal.load.config import Config

MARK = "@bbws "
_LINE_EVERY_S = 10.0


class Gathered:
    """Everything that was printed so far."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.by_name: dict[str, Count] = {}
        self.began: float | None = None
        self.last = 0.0
        self.users: list[tuple[float, int]] = []
        self.workers: int | None = None
        self.most_workers = 0
        self.missing = 0
        self.last_line = ""

    def take(self, line: str) -> bool:
        """Note a line; False where it is Locust's own and belongs in its log."""
        if not line.startswith(MARK):
            self.last_line = mask(line.strip()) or self.last_line
            return False
        entry: dict[str, Any] = json.loads(line.removeprefix(MARK))
        if "began" in entry:
            self.began = float(entry["began"])
            return True
        new = load_counts(entry["counts"])
        self.counts.merge(new)
        for name, count in new.by_name().items():
            self.by_name.setdefault(name, Count()).merge(count)
        if self.began is None:
            return True
        if entry["users"] or new.by_second:
            self.last = max(self.last, float(entry["at"]))
        self.users.append((float(entry["at"]) - self.began, int(entry["users"])))
        if "workers" in entry and entry["state"] not in ("stopped", "stopping", "cleanup"):
            self.workers = int(entry["workers"])
            self.most_workers = max(self.most_workers, self.workers)
            lost = self.most_workers - self.workers
            self.missing = max(self.missing, int(entry["missing"]), lost)
        return True

    def trouble(self) -> Iterator[str]:
        """Why the load was not what was asked for."""
        if self.missing:
            yield f"{self.missing} of {self.most_workers} workers were lost on the way"

    def total(self) -> Count:
        whole = Count()
        for count in self.by_name.values():
            whole.merge(count)
        return whole


class Show(LiveTable):
    """A table on a terminal, a line every few seconds elsewhere; on standard error."""

    def __init__(self, gathered: Gathered, config: Config) -> None:
        super().__init__()
        self._gathered = gathered
        self._config = config
        self._said = 0.0

    def update(self) -> None:
        """Say how it stands, unless that was said a moment ago."""
        began, now = self._gathered.began, time.time()
        if self.is_shown or began is None or now - max(self._said, began) < _LINE_EVERY_S:
            return
        self._said = now
        note(self._line(now - began))

    def _line(self, seconds: float) -> str:
        total = self._gathered.total()
        users = self._gathered.users[-1][1] if self._gathered.users else 0
        return (
            f"{seconds:.0f} of {self._config.duration:.0f} s: {users} users, "
            f"{total.requests} requests, {total.error_rate:.1%} errors, "
            f"p95 {total.percentile(0.95) or 0} ms"
        )

    def _table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        gathered = self._gathered
        seconds = time.time() - gathered.began if gathered.began else 0.0
        title = self._line(seconds)
        if gathered.workers is not None:
            title += f", {gathered.workers} workers"
        grid = Table(title=title, title_justify="left", box=None, pad_edge=False)
        grid.add_column("request")
        for name in ("requests", "errors", "p50", "p95", "p99", "a second"):
            grid.add_column(name, justify="right")
        for name, count in list(gathered.by_name.items()):
            parts = [count.percentile(part) for part in (0.5, 0.95, 0.99)]
            shown = ["-" if value is None else f"{value} ms" for value in parts]
            rate = f"{count.requests / seconds:.1f}" if seconds else "-"
            cells = (name, str(count.requests), str(count.failures), *shown, rate)
            grid.add_row(*(Text(cell) for cell in cells))
        return grid
