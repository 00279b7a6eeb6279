"""Tables written in HTML: the cells of their rows, with the line each row starts on."""

from __future__ import annotations

from contextlib import suppress
from html.parser import HTMLParser

_MOST_CELLS = 60


class _Tables(HTMLParser):
    """Collects rows; nested tables and scripts are not followed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[tuple[int, list[str]]]] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        if tag == "table":
            self._close()
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self._close()
            self.tables[-1].append((self.getpos()[0], []))
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._close()
            self._cell = []
        elif self._cell is not None:
            self._cell.append({"code": "`", "br": "<br>"}.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close()
        elif self._cell is not None and tag == "code":
            self._cell.append("`")

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _close(self) -> None:
        open_row = bool(self.tables and self.tables[-1])
        if self._cell is not None and open_row and len(self.tables[-1][-1][1]) < _MOST_CELLS:
            self.tables[-1][-1][1].append(" ".join("".join(self._cell).split()))
        self._cell = None


def html_tables(
    text: str,
) -> list[tuple[int, tuple[str, ...], list[tuple[int, tuple[str, ...]]]]]:
    """Each table with a header and rows: its line, its header, and rows as wide as the header.

    Lines count from 1 within `text`.
    """
    reader = _Tables()
    with suppress(AssertionError):  # how html.parser refuses a broken `<![` declaration
        reader.feed(text)
    found = []
    for table in reader.tables:
        rows = [(line, cells) for line, cells in table if cells]
        if len(rows) < 2:
            continue
        (start, header), *rest = rows
        width = len(header)
        filled = [(line, (*cells, *[""] * width)[:width]) for line, cells in rest]
        found.append((start, tuple(header), filled))
    return found
