"""Secrets in what is generated: none that a design prints, and nothing that looks like one.

A value that a design prints by mistake never reaches a repository. Names that ask for a secret
(`password`, `apiKey`) get samples that scanners know for placeholders; where only a certain text
will do, its line says that it is made up.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from codegen.naming import words
from lld.model import ModelField
from lld.readers.secrets import is_real, masked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lld.model import Design

_NAME = re.compile(
    r"secret|passwo?r?d|pwd|passphrase|contrasena|(?:db|database|key)pass"
    r"|(?:api|auth|service|account|db|database|priv|private|client|access|signing|encryption)key"
)
_CODE_NAME = re.compile(r"(?i)(?:^|_)(?:pas+wo?r?d|pass(?:phrase)?|pwd|token|secrete?)(?:$|_)")
"""What bandit, and ruff after it, take for the name of a secret in code."""
_ENTRY = re.compile(r"""\s*(["']?)([A-Za-z_]\w*)\1\s*(:[\w\[\]., |]+=)?[:=]?\s*["'](?!<)""")
_RUFF, _BANDIT = "# noqa: S105", "# nosec B105"
_ANYWHERE = "# pragma: allowlist secret"

T = TypeVar("T")


def names_secret(name: str) -> bool:
    """Whether a field of this name holds a secret, or sounds to a scanner as if it did."""
    return bool(_NAME.search("".join(words(name))))


def placeholder(name: str, least: int, most: int) -> str:
    """A made-up value that says what it stands for, of a length in the range: `<api-key>`."""
    inner = "-".join(words(name)[:4]).ljust(least - 2, "x")
    return f"<{inner[: most - 2]}>" if most > 2 else "x" * most


def marked(text: str, *, tests: bool = False) -> str:
    """Python code whose lines that look like secrets say to scanners that they are none."""
    return "\n".join(_marked(line, tests=tests) for line in text.split("\n"))


def _marked(line: str, *, tests: bool) -> str:
    found = _ENTRY.match(line)
    if not found:
        return line
    in_code = not tests and _CODE_NAME.search(found[2])
    # bandit looks at plain assignments only, and warns of marks that nothing needs.
    rules = ((_RUFF, in_code), (_BANDIT, in_code and not found[3]))
    marks = [mark for mark, wanted in (*rules, (_ANYWHERE, names_secret(found[2]))) if wanted]
    return "  ".join([line, " ".join(marks)]) if marks else line


def without_secrets(design: Design) -> Design:
    """The design without the values of secrets that stand in it."""
    return _cleaned(design)


def _cleaned(value: T) -> T:
    """The same object where nothing in it had to go."""
    cleaned: Any = value
    if isinstance(value, str):
        cleaned = masked(value)
    elif isinstance(value, tuple):
        cleaned = _cleaned_items(value)
    elif isinstance(value, ModelField) and _default_is_secret(value):
        kept = {k: v for k, v in value.constraints.items() if k != "default"}
        cleaned = _cleaned(replace(value, constraints=kept))
    elif isinstance(value, dict):
        cleaned = _cleaned_mapping(value)
    elif is_dataclass(value) and not isinstance(value, type):
        cleaned = _cleaned_record(value)
    return cleaned if cleaned != value else value


def _cleaned_items(value: tuple[Any, ...]) -> tuple[Any, ...]:
    found = tuple(_cleaned(one) for one in value)
    return found if any(a is not b for a, b in zip(found, value, strict=True)) else value


def _cleaned_mapping(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: _cleaned(one) for name, one in value.items()}


def _cleaned_record(value: Any) -> Any:
    changed = {}
    for one in fields(value):
        before = getattr(value, one.name)
        after = _cleaned(before)
        if after is not before:
            changed[one.name] = after
    return replace(value, **changed) if changed else value


def _default_is_secret(one: ModelField) -> bool:
    default = one.constraints.get("default")
    if not isinstance(default, str):
        return False
    return masked(default) != default or (names_secret(one.alias or one.name) and is_real(default))
