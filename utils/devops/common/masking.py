"""Secrets never reach a log, an error text or a terminal: they are masked by shape or by value."""

from __future__ import annotations

import re

MASK = "***"

_PATTERNS = (
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{20,}\b|\bgithub_pat_[A-Za-z0-9_]{20,}\b"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S
    ),
    re.compile(r"(?<=://)[^\s/:@]+:[^\s/@]+(?=@)"),
)
_ASSIGNED = re.compile(
    r"(?i)\b((?:aws_)?(?:secret|password|passwd|token|api_?key|private_?key)[a-z_]*\s*[=:]\s*[\"']?)"
    r"([^\s\"',;]{6,})"
)
_registered: set[str] = set()


def register(value: str) -> None:
    """Mask this very value from now on: a token from the environment, a secret from a manager."""
    if len(value) >= 4:
        _registered.add(value)


def mask(text: str) -> str:
    """`text` with every registered value and whatever is shaped like a credential as `***`."""
    for value in sorted(_registered, key=len, reverse=True):
        text = text.replace(value, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    return _ASSIGNED.sub(rf"\1{MASK}", text)
