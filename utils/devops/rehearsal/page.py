"""A report as one HTML page that needs nothing else: tables, charts as SVG, no script."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.masking import mask

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;"
    "color:#1d2430;background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;"
    "border-bottom:1px solid #d8dde6;vertical-align:top}td.n,th.n{text-align:right;"
    "font-variant-numeric:tabular-nums}.good{color:#17692f}.bad{color:#a51d1d;font-weight:600}"
    ".dim{color:#5a6475}svg{width:100%;height:auto}pre{white-space:pre-wrap}"
)
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 760, 200, 60, 24
_COLOURS = ("#1f5fa8", "#b4541a", "#4a7d2c", "#7a3fa0")


@dataclass(frozen=True, slots=True)
class Line:
    """One curve of a chart: x ascending; a missing y is None and breaks the curve."""

    name: str
    points: tuple[tuple[float, float | None], ...]


def page(title: str, parts: Iterable[str]) -> str:
    """The document; `parts` are HTML made by the functions of this module."""
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{text(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>{text(title)}</h1>\n{body}\n</body></html>\n"
    )


def text(value: object) -> str:
    """Text that is no markup and holds no credential."""
    return html.escape(mask(str(value)))


def heading(title: str) -> str:
    """The start of a part."""
    return f"<h2>{text(title)}</h2>"


def paragraph(words: str, *, kind: str = "") -> str:
    """A paragraph; `kind` is `good`, `bad` or `dim`."""
    return f'<p class="{kind}">{text(words)}</p>'


def bullets(items: Iterable[str]) -> str:
    """A list."""
    return "<ul>" + "".join(f"<li>{text(item)}</li>" for item in items) + "</ul>"


def rows(columns: Sequence[str], cells: Iterable[Sequence[object]]) -> str:
    """A table; numbers are set right, `passed` and `failed` in their colours."""
    head = "".join(f"<th>{text(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in cells)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f'<td class="n">{value:,.6g}</td>'
    kind = {"passed": "good", "met": "good", "failed": "bad", "missed": "bad"}.get(str(value), "")
    return f'<td class="{kind}">{text("" if value is None else value)}</td>'


def chart(title: str, unit: str, lines: Sequence[Line]) -> str:
    """Curves over seconds, from zero, with a legend."""
    known = [(x, y) for line in lines for x, y in line.points if y is not None]
    if not known:
        return paragraph(f"{title}: nothing was measured", kind="dim")
    right = max(x for x, _ in known) or 1.0
    top = max(y for _, y in known) or 1.0
    drawn = "".join(
        f'<path d="{_path(line, right, top)}" fill="none" stroke-width="2" '
        f'stroke="{_COLOURS[i % len(_COLOURS)]}"/>'
        for i, line in enumerate(lines)
    )
    legend = "".join(
        f'<text x="{_LEFT + 140 * i}" y="14" font-size="12" fill="{_COLOURS[i % len(_COLOURS)]}">'
        f"{text(line.name)}</text>"
        for i, line in enumerate(lines)
    )
    base = 20 + _HEIGHT
    axes = (
        f'<path d="M{_LEFT} 20V{base}H{_WIDTH}" fill="none" stroke="#8a94a6"/>'
        f'<text x="{_LEFT - 6}" y="28" text-anchor="end" font-size="11">{top:,.4g} {text(unit)}'
        f'</text><text x="{_LEFT - 6}" y="{base}" text-anchor="end" font-size="11">0</text>'
        f'<text x="{_WIDTH}" y="{base + 16}" text-anchor="end" font-size="11">{right:,.0f} s</text>'
    )
    return (
        f'<figure><figcaption>{text(title)}</figcaption><svg viewBox="0 0 {_WIDTH + 8} '
        f'{base + _BOTTOM}" role="img" aria-label="{text(title)}">{axes}{drawn}{legend}</svg>'
        "</figure>"
    )


def _path(line: Line, right: float, top: float) -> str:
    words, pen = [], "M"
    for x, y in line.points:
        if y is None:
            pen = "M"
            continue
        across = _LEFT + (_WIDTH - _LEFT) * x / right
        down = 20 + _HEIGHT * (1 - y / top)
        words.append(f"{pen}{across:.1f} {down:.1f}")
        pen = "L"
    return "".join(words)
