"""Names of a design as names of code.

A design is data: any text may stand where a name is expected. Whatever comes in, what comes out is
a short ASCII identifier, never a keyword, and unique (also to file systems that ignore case) among
those of the same `Names`. The text itself survives where it belongs, in string literals.
"""

from __future__ import annotations

import builtins
import hashlib
import keyword
import re
import unicodedata
from functools import lru_cache

MAX_NAME = 48
_PLACEHOLDER = re.compile(
    r"\$?\{+\s*(?:var\.)?(?:env|environment|stage)\s*\}+|<(?:env|environment)>"
)
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[A-Za-z0-9]+")
_UNCHANGED = frozenset({"status", "address", "series", "species", "news", "details", "settings"})

RESERVED = frozenset(
    {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "self", "cls", "handler", "app"}
) - frozenset({"id", "type", "filter", "input", "format", "hash", "_"})
"""Names that generated code must not redefine; fields may be called `id` or `type`."""


def words(text: str) -> list[str]:
    """The words of a name in any spelling, lower case: `bbws-Order{env}` -> `bbws`, `order`."""
    return list(_words(text))


@lru_cache(maxsize=10_000)
def _words(text: str) -> tuple[str, ...]:
    text = unicodedata.normalize("NFKC", _PLACEHOLDER.sub(" ", text[:2000]))
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return tuple(word.lower() for word in _WORD.findall(_BOUNDARY.sub(" ", plain)))


def snake(text: str, *, default: str = "unnamed") -> str:
    """The name as a Python identifier in snake_case; long ones end in a digest of the whole."""
    name = _limited("_".join(words(text)) or default, text)
    if name[0].isdigit():
        name = f"n{name}"
    return f"{name}_" if name in RESERVED else name


def pascal(text: str, *, default: str = "Unnamed") -> str:
    """The name as a class name."""
    if text.isascii() and text.isidentifier() and text[:1].isupper() and "_" not in text:
        name = text
    else:
        name = "".join(word[:1].upper() + word[1:] for word in words(text)) or default
    name = _limited(name, text)
    if name[0].isdigit():
        name = f"N{name}"
    return f"{name}_" if keyword.iskeyword(name) or hasattr(builtins, name) else name


def singular(word: str) -> str:
    """A lower-case English noun in the singular, as far as its ending tells."""
    if word in _UNCHANGED or len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def is_plural(word: str) -> bool:
    """Whether the noun looks like a plural."""
    return singular(word) != word


def plural(word: str) -> str:
    """A noun in the plural."""
    if is_plural(word):
        return word
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "sh", "ch", "x", "z")) else f"{word}s"


def article(noun: str) -> str:
    """`a` or `an`."""
    return "an" if noun[:1].lower() in "aeiou" else "a"


def resource_name(text: str, default: str) -> str:
    """A name that AWS takes for a table, for the environment `test`."""
    plain = _PLACEHOLDER.sub("test", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", plain).strip("-.")[:200]
    return name if len(name) >= 3 else default


class Names:
    """Gives out names that differ, also when case is ignored."""

    def __init__(self, taken: frozenset[str] | set[str] = frozenset()) -> None:
        self._taken = {name.lower() for name in taken}

    def claim(self, name: str) -> str:
        """The name itself, or with a number where it is taken."""
        candidate, number = name, 2
        while candidate.lower() in self._taken:
            candidate = f"{name}_{number}"
            number += 1
        self._taken.add(candidate.lower())
        return candidate


def _limited(name: str, text: str) -> str:
    if len(name) <= MAX_NAME:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name[: MAX_NAME - 9].rstrip('_')}_{digest}"
