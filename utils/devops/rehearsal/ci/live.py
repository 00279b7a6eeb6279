"""The jobs of a local run as they go: a table on a terminal, a line a change elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.live import LiveTable
from common.output import note
from rehearsal.ci.board import Result

if TYPE_CHECKING:
    from rich.table import Table

    from rehearsal.ci.board import Board, Event

_MARKS = {
    Result.RUNNING: ("…", "cyan"),
    Result.SUCCESS: ("✓", "green"),
    Result.FAILURE: ("✗", "red"),
    Result.SKIPPED: ("-", "bright_black"),
    Result.CANCELLED: ("✗", "yellow"),
    Result.NOT_RUN: ("-", "yellow"),
}


class Show(LiveTable):
    """Shows a board on standard error until it is left."""

    def __init__(self, board: Board) -> None:
        super().__init__()
        self._board = board

    def update(self, event: Event) -> None:
        """Show a change."""
        if self.is_shown or not event.changed or event.job is None:
            return
        job = event.job
        if job.result is not Result.RUNNING:
            note(f"{_MARKS[job.result][0]} {job.label}: {job.result} ({job.seconds:.1f} s)")
        elif job.current is not None and job.current.result is Result.RUNNING:
            note(f"… {job.label}: {job.current.name}")

    def _table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table("job", "state", "step", "time", box=None, pad_edge=False)
        for job in list(self._board.jobs.values()):
            mark, colour = _MARKS[job.result]
            step = job.current.name if job.current else ""
            cells = (job.label, f"{mark} {job.result}", step, f"{job.seconds:.0f} s")
            table.add_row(*(Text(cell, style=colour) for cell in cells))
        return table
