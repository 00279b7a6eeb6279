"""What other tools answer to the request to back up what is theirs, before anything is changed.

The request is the event `BackupRequested` of `bbws.devops`. An answer is an object
`<repository>/backups/<deployment>/<agent>.json` in the environment's artifact bucket, of the shape
that templates/deploy/backup_answer.schema.json has. `deploy.yml` names the agents that must answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from common.errors import RefusedError
from deploy.model import Backup

if TYPE_CHECKING:
    from deploy.clock import Clock
    from deploy.packaging.artifacts import Artifacts

_POLL_SECONDS = 5


class Status(Enum):
    """What an agent says; the value is how its answer spells it."""

    DONE = "done"
    NOTHING = "nothing-to-do"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """One agent's answer; `reference` is where its backup is, `detail` is for people."""

    agent: str
    status: Status
    reference: str = ""
    detail: str = ""

    @property
    def backup(self) -> Backup:
        """The answer as the deployment's record keeps it."""
        return Backup("answer", self.agent, self.reference or self.status.value)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who must answer, and for how many seconds that is waited for."""

    agents: tuple[str, ...] = ()
    seconds: int = 300

    @property
    def patience(self) -> int:
        return self.seconds if self.agents else 0


def wait_for_answers(
    artifacts: Artifacts, deployment: str, asked: Asked, clock: Clock, go_on: Callable[[], None]
) -> list[Answer]:
    """The answers that came in time: of those who must, and of whoever else did.

    Args:
        go_on: Called while waiting; raises when the deployment is to stop.
    """
    waited = 0
    while True:
        found = _answers(artifacts, deployment)
        if not set(asked.agents) - found.keys() or waited >= asked.seconds:
            return list(found.values())
        go_on()
        clock.sleep(_POLL_SECONDS)
        waited += _POLL_SECONDS


def problems(answers: Sequence[Answer], asked: Asked) -> list[str]:
    """Who said no, and who said nothing."""
    silent = [name for name in asked.agents if name not in {answer.agent for answer in answers}]
    return [
        *(f"{a.agent}: {a.detail or 'failed'}" for a in answers if a.status is Status.FAILED),
        *(f"{name} did not answer within {asked.seconds} s" for name in silent),
    ]


def refusal(found: Sequence[str]) -> RefusedError:
    """What to raise in PROD, where nothing is changed without them."""
    return RefusedError(
        f"backup of other agents: {'; '.join(found)}",
        hint="nothing was changed; `backup` in deploy.yml names who must answer",
    )


def _answers(artifacts: Artifacts, deployment: str) -> dict[str, Answer]:
    found: Mapping[str, bytes] = artifacts.answers(deployment)
    return {name: parse_answer(name, content) for name, content in sorted(found.items())}


def parse_answer(agent: str, content: bytes) -> Answer:
    """An answer; one that cannot be understood is a no."""
    try:
        data: Any = json.loads(content)
        if data.get("schema") != 1:
            raise ValueError(f"schema {data.get('schema')!r}")
        status = Status(data["status"])
    except (ValueError, KeyError, AttributeError) as error:
        return Answer(agent, Status.FAILED, detail=f"its answer makes no sense ({error})")
    return Answer(agent, status, str(data.get("reference", "")), str(data.get("detail", "")))
