"""What a service consists of in an environment, found by its tags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEAD = re.compile(r"(?:^|[-_])(?:dlq|dead|deadletters?|failures?)(?:[-_]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Resources:
    """Names of a service's functions, tables and queues of failed messages, and its API."""

    functions: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    dead_letters: tuple[str, ...] = ()
    api_id: str | None = None
    api_name: str = ""
    stage: str = ""


class TagIndex(Protocol):
    """Finds resources by tags."""

    def find(self, kind: str, tags: dict[str, str]) -> list[str]: ...


class ApiIndex(Protocol):
    """Finds REST APIs by tags, and their stages."""

    def tagged(self, tags: dict[str, str]) -> list[tuple[str, str]]: ...

    def stages(self, api: str) -> list[str]: ...


def discover(tags: TagIndex, apis: ApiIndex, service: str, environment: str) -> Resources:
    """Everything of the service that carries its tags."""
    wanted = {"Service": service, "Environment": environment}
    found = sorted(apis.tagged(wanted))
    api_id, api_name = found[0] if found else (None, "")
    stages = apis.stages(api_id) if api_id else []
    return Resources(
        functions=_names(tags.find("lambda:function", wanted), 6),
        tables=tuple(arn.split("/")[1] for arn in tags.find("dynamodb:table", wanted)),
        dead_letters=tuple(n for n in _names(tags.find("sqs", wanted), 5) if _DEAD.search(n)),
        api_id=api_id if stages else None,
        api_name=api_name,
        stage=environment if environment in stages else (stages[0] if stages else ""),
    )


def _names(arns: Sequence[str], part: int) -> tuple[str, ...]:
    return tuple(sorted({arn.split(":")[part] for arn in arns}))
