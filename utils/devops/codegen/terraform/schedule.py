"""Times as designs write them (`every 5 minutes`, `daily at 02:00`) in EventBridge's notation."""

from __future__ import annotations

import re

_RATE = re.compile(r"rate\(\s*(\d{1,5})\s+(minute|hour|day)s?\s*\)", re.IGNORECASE)
_CRON = re.compile(r"cron\(\s*((?:[\w*?/,#L-]+\s+){5}[\w*?/,#L-]+)\s*\)", re.IGNORECASE)
_EVERY = re.compile(r"\bevery\s+(?:(\d{1,5})\s+)?(minute|min|hour|day)s?\b", re.IGNORECASE)
_CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")
_PLAIN = (
    (re.compile(r"\bhourly\b", re.IGNORECASE), "rate(1 hour)"),
    (re.compile(r"\b(?:daily|nightly)\b", re.IGNORECASE), "rate(1 day)"),
    (re.compile(r"\bweekly\b", re.IGNORECASE), "rate(7 days)"),
)


def schedule_expression(text: str | None) -> str | None:
    """The EventBridge expression a text states, or None when it states no time."""
    if not text:
        return None
    if found := _CRON.search(text):
        return f"cron({' '.join(found[1].split())})"
    if found := _RATE.search(text):
        return _rate(int(found[1]), found[2].lower())
    clock = _CLOCK.search(text)
    if clock and re.search(r"\b(?:daily|nightly|every day|each day)\b", text, re.IGNORECASE):
        return f"cron({int(clock[2])} {int(clock[1])} * * ? *)"
    if found := _EVERY.search(text):
        unit = "minute" if found[2].lower() == "min" else found[2].lower()
        return _rate(int(found[1] or 1), unit)
    return next((expression for word, expression in _PLAIN if word.search(text)), None)


def _rate(number: int, unit: str) -> str | None:
    if number == 0:
        return None
    return f"rate({number} {unit}{'' if number == 1 else 's'})"
