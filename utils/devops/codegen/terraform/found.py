"""Resources being collected from a design: each gets a key in Terraform and a name in AWS."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codegen.terraform.names import Distinct, Rule, aws_name, identifier
from codegen.terraform.view import FunctionView, NamedView, OpenPoint, QueueView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lld.model import Design, Resource


@dataclass(slots=True)
class Found:
    """What is being collected; `keys` and `names` keep Terraform keys and AWS names apart."""

    service: str
    topics: list[NamedView] = field(default_factory=list)
    buckets: list[NamedView] = field(default_factory=list)
    queues: list[QueueView] = field(default_factory=list)
    points: list[OpenPoint] = field(default_factory=list)
    keys: dict[str, Distinct] = field(default_factory=dict)
    names: dict[str, Distinct] = field(default_factory=dict)

    def named(self, kind: str, rule: Rule, text: str, line: int | None) -> NamedView:
        """A new resource of a kind with a key and a name of its own."""
        name = aws_name(text, rule, fallback=f"bbws-{self.service}")
        key = identifier(name, fallback=kind).removeprefix("bbws_")
        key = key.removeprefix(f"{identifier(self.service)}_") or kind
        key = f"{kind}_{key}" if key[0].isdigit() else key
        keys = self.keys.setdefault(kind, Distinct())
        names = self.names.setdefault(kind, Distinct())
        return NamedView(keys.claim(key), names.claim(name, "-"), line)


def of_type(design: Design, kind: str) -> Iterable[Resource]:
    """Resources of a type; a pattern such as `bbws-portal-*` names none."""
    return (item for item in design.resources if item.type == kind and "*" not in item.name)


def own_name(function: FunctionView, service: str) -> str:
    """A name for what the design does not name: the source as written, else the function's."""
    stated = function.source or ""
    if re.fullmatch(r"[\w${}.<>-]{3,80}", stated) and re.search(r"[-_]|Queue$|Topic$", stated):
        return stated if "{" in stated else f"{stated}-{{env}}"
    return f"bbws-{service}-{function.key.strip('_').replace('_', '-')}-{{env}}"
