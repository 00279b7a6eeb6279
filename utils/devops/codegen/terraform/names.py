"""Names that AWS and Terraform accept, made from whatever a design calls things.

The same name always becomes the same result, so that a second run changes nothing; what would
become equal is told apart, in the order of the design.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass

from codegen.naming import snake
from codegen.terraform.hcl import ENV

_PLACEHOLDER = re.compile(
    r"\$?\{+\s*(?:var\.)?(?:env|environment|stage)\s*\}+|<(?:env|environment|stage)>"
    r"|\[(?:env|environment|stage)\]",
    re.IGNORECASE,
)
_LONGEST_ENVIRONMENT = "prod"
_DIGEST = 8


@dataclass(frozen=True, slots=True)
class Rule:
    """What AWS allows in the name of one kind of resource."""

    allowed: str
    limit: int
    shortest: int = 1
    lower: bool = False


FUNCTION = Rule(r"A-Za-z0-9_-", 64)
# 255 for a table, as for the alarm that has its name and `-throttles` behind it.
TABLE = Rule(r"A-Za-z0-9_.-", 255 - len("-throttles"), shortest=3)
QUEUE = Rule(r"A-Za-z0-9_-", 80)
TOPIC = Rule(r"A-Za-z0-9_-", 256)
BUCKET = Rule(r"a-z0-9-", 63, shortest=3, lower=True)
BUS = Rule(r"A-Za-z0-9_./-", 256)
EVENT_RULE = Rule(r"A-Za-z0-9_.-", 64)
SECRET = Rule(r"A-Za-z0-9/_+=.@-", 512)
ALARM = Rule(r"A-Za-z0-9_.-", 255)
SERVICE = Rule(r"a-z0-9-", 24, lower=True)


def with_environment(text: str) -> str:
    """The text with every way of writing the environment's name as `{env}`."""
    return _PLACEHOLDER.sub(ENV, text)


def ascii_text(text: str) -> str:
    """Letters without their marks; what has no ASCII form becomes a space."""
    folded = unicodedata.normalize("NFKD", text)
    return "".join(
        sign if sign.isascii() else " " for sign in folded if not unicodedata.combining(sign)
    )


def aws_name(text: str, rule: Rule, *, fallback: str = "unnamed") -> str:
    """A name `rule` accepts in every environment, with `{env}` where the environment goes."""
    parts = [_clean(part, rule) for part in with_environment(text).split(ENV)]
    name = re.sub(r"-{2,}", "-", ENV.join(parts)).strip("-./")
    if len(name.replace(ENV, "")) < rule.shortest or not re.search(r"[A-Za-z0-9]", name):
        name = f"{fallback}-{_digest(text)}"
    return _shortened(name, text, rule.limit)


def _clean(part: str, rule: Rule) -> str:
    part = ascii_text(part)
    part = part.lower() if rule.lower else part
    return re.sub(rf"[^{rule.allowed}]+", "-", part)


def _shortened(name: str, text: str, limit: int) -> str:
    if len(name.replace(ENV, _LONGEST_ENVIRONMENT)) <= limit:
        return name
    tail = f"-{_digest(text)}" + (f"-{ENV}" if ENV in name else "")
    head = name.replace(f"-{ENV}", "").replace(ENV, "")
    room = limit - len(tail.replace(ENV, _LONGEST_ENVIRONMENT))
    return head[:room].rstrip("-_./") + tail


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]


def identifier(text: str, *, fallback: str = "unnamed") -> str:
    """A Terraform label or key: the same identifier that generated code uses."""
    return snake(with_environment(text), default=f"{fallback}_{_digest(text)}")


class Distinct:
    """Gives out names of one kind, each once; comparison ignores case, as some services do."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def claim(self, name: str, separator: str = "_") -> str:
        """`name`, or `name` with the lowest free number from 2 on."""
        candidate, number = name, 1
        while candidate.casefold() in self._taken:
            number += 1
            candidate = _numbered(name, f"{separator}{number}")
        self._taken.add(candidate.casefold())
        return candidate


def _numbered(name: str, suffix: str) -> str:
    if name.endswith(f"-{ENV}"):
        return f"{name.removesuffix(f'-{ENV}')}{suffix}-{ENV}"
    return name + suffix
