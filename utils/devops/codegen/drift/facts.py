"""Facts: things that a service is made of, and the place where each was found."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

Tree = dict[str, str]
"""Text of files by their path in the repository."""


class Kind(StrEnum):
    """What a thing is."""

    FUNCTION = "function"
    ROUTE = "route"
    TABLE = "table"
    INDEX = "index"
    MODEL = "model"
    ALARM = "alarm"
    SCENARIO = "scenario"


class Column(StrEnum):
    """Where a thing has its place."""

    CODE = "code"
    TEST = "test"
    TERRAFORM = "terraform"
    WORKFLOW = "workflow"
    DEPLOYED = "deployed"


class Thing(NamedTuple):
    """One thing, by a name that is the same wherever it is found."""

    kind: Kind
    name: str


class Fact(NamedTuple):
    """A thing in a place: `src/handlers/get_order.py:20`, or a name in AWS."""

    thing: Thing
    column: Column
    place: str


_PARAMETER = re.compile(r"\{[^{}]*\}|<[^<>]*>")


def route_name(method: str, path: str) -> str:
    """A route whatever its parameters are called: `GET /v1.0/orders/{}`."""
    return f"{method.upper()} {_PARAMETER.sub('{}', path)}"


def index_name(table: str, index: str) -> str:
    """An index, which is unique within its table only."""
    return f"{table} / {index}"
