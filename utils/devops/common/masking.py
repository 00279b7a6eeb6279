"""Secrets never reach a log, an error text or a terminal: they are masked by shape or by value.

A value is a secret's by its own shape (a key of AWS, a token of GitHub) or by the name it is given
to (`DB_PASSWORD=`, `"SecretAccessKey":`). Every pattern takes time linear in the text: what is
masked may come from anywhere.
"""

from __future__ import annotations

import re

MASK = "***"

_PATTERNS = (
    re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
    re.compile(r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S
    ),
    re.compile(r"(?<=://)[^\s/:@]*:[^\s/]+(?=@)"),
    re.compile(r"(?<=http://)[^\s/:@\"'<>,?#]+(?=@)|(?<=https://)[^\s/:@\"'<>,?#]+(?=@)"),
    re.compile(r"(?i)(?<=\bbearer )(?=[a-z._~+/=-]*+\d)[\w.~+/=-]{8,}"),
    re.compile(r"(?i)(?<=\bbasic )(?=[a-z]*+[\d+/=])[a-z0-9+/=]{8,}"),
)

# The end is optional so that a run of characters is read once, whatever follows it.
_WEB_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}+(?P<rest>\.[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]*+)?")

# Not the `secret:` of a resource name, which follows the number of an account.
_NAME = re.compile(
    r"(?<![\w-])(?<!\d{12}:)(?P<name>[\w-]++)(?:\\*+[\"'])?[ \t]*+(?:=>|->|[=:])[ \t]*+"
)
_VALUE = re.compile(
    r"b?(?:"
    r'"(?P<double>(?:[^"\\\n]|\\.)*+)'
    r"|'(?P<single>(?:[^'\\\n]|\\.)*+)"
    r"|\\++\"(?P<escaped>[^\"\\\n]*+)"
    r")|(?P<bare>(?:(?:bearer|basic|token) +)?[^\s\"',;]++)",
    re.I,
)
_CHANGED = re.compile(r"\\*+[\"']?[ \t]*+->[ \t]*+")
_SECRET_NAME = re.compile(
    r"secret|passw|passphrase|[a-z](?<!old)pwd|token|(?:api|private|access|signing|encryption)key"
)
_WORD = re.compile(r"[A-Z]?[a-z0-9]++|[A-Z][A-Z0-9]*+")
_HARMLESS_WORD = re.compile(
    r"(?:id|arn|name|count|type|url|uri|path|file|limit)s?|(?:secrets)?manager|length|size|endpoint|"
    r"folder|policy|version|ttl|expiry|expiration|max|min|usage|used|method|rotation|enabled|"
    r"required|permissions|tokenizer"
)
_HARMLESS_VALUE = re.compile(r"arn:aws|\$\{|\*\*\*|\(known after apply|\(sensitive|inherit$")
_SHORTEST = 6

_registered: set[str] = set()


def register(value: str) -> None:
    """Mask this very value from now on: a token from the environment, a secret from a manager."""
    if len(value) >= 4:
        _registered.update((value, value.encode("unicode_escape").decode()))


def mask(text: str) -> str:
    """`text` with every registered value and whatever is shaped like a credential as `***`."""
    for value in sorted(_registered, key=len, reverse=True):
        text = text.replace(value, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    return _without_assigned(_WEB_TOKEN.sub(lambda m: MASK if m["rest"] else m[0], text))


def _without_assigned(text: str) -> str:
    """`text` without the values that a name calls secret."""
    kept, done = [], 0
    for name in _NAME.finditer(text):
        if name.start() < done or not _is_secret(name["name"]):
            continue
        start: int | None = name.end()
        while start is not None and (value := _VALUE.match(text, start)):
            group = value.lastgroup or "bare"
            if _is_worth_masking(name["name"], value[group]):
                kept += [text[done : value.start(group)], MASK]
                done = value.end(group)
            changed = _CHANGED.match(text, value.end())
            start = changed.end() if changed else None
    return "".join([*kept, text[done:]])


def _is_secret(name: str) -> bool:
    if not _SECRET_NAME.search(name.replace("_", "").replace("-", "").lower()):
        return False
    words = _WORD.findall(name)
    return not (words and _HARMLESS_WORD.fullmatch(words[-1].lower()))


def _is_worth_masking(name: str, value: str) -> bool:
    """Whether a value can be a secret: not too short, no reference to one, no number of tokens."""
    if len(value) < _SHORTEST or _HARMLESS_VALUE.match(value):
        return False
    return not (value.isdigit() and name.lower().endswith("tokens"))
