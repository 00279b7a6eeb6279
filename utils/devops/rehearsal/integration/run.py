"""Find the deployed service, walk through its API, look at its logs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.errors import ExitCode, RefusedError, UnavailableError
from common.interrupts import hear_first_only
from common.output import warn
from common.progress import step
from deploy.site import Where, open_site
from pipelines.simulation.fidelity import Gap
from rehearsal.api_document import api_document
from rehearsal.deployed_api import api_address
from rehearsal.integration.door import Door
from rehearsal.integration.judging import is_error_line
from rehearsal.integration.plan import plan, planned
from rehearsal.integration.walk import Walk
from rehearsal.junit import Case
from rehearsal.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.site import Site

_LOG_LAG_S = 2
_LINES = 500
PLANNED_GAPS = (
    Gap("requests", "none was sent: only what would be asked was worked out"),
    Gap("the API", "it was found, not called"),
)
_GAPS = (
    Gap("other callers", "one caller, one request at a time: nothing about load or races"),
    Gap("rights of roles", "one identity was used; what others may do was not tried"),
    Gap("events", "queues, schedules and streams were not exercised"),
    Gap("the design", "what the document does not state was not checked"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    where: Where
    openapi: Path | None = None
    lld: Path | None = None
    data: Path | None = None
    read_only: bool = False
    leave: bool = False


@dataclass(frozen=True, slots=True)
class IntegrationRun:
    """How the API answered; `left_behind` is what could not be removed."""

    service: str
    environment: str
    url: str
    read_only: bool
    cases: tuple[Case, ...]
    left_behind: tuple[str, ...]
    not_exercised: tuple[Gap, ...] = _GAPS

    @property
    def failed(self) -> int:
        return sum(bool(case.failure) for case in self.cases)

    @property
    def passed(self) -> int:
        return sum(not case.failure and not case.skipped for case in self.cases)

    @property
    def exit_code(self) -> ExitCode:
        if self.failed:
            return ExitCode.FAILED
        return ExitCode.DONE if self.passed else ExitCode.UNAVAILABLE


def require_dev(environment: str, *, read_only: bool) -> None:
    """Refuse to create anything outside dev.

    Raises:
        RefusedError: It is another environment, and more than reading was asked for.
    """
    if environment != "dev" and not read_only:
        raise RefusedError(
            f"integration tests create and delete things, which {environment} is not for",
            hint="--read-only asks without changing anything",
        )


def plan_integration(asked: Asked) -> list[str]:
    """What would be asked and changed, in order; finds the API and its design, and asks nothing.

    Raises:
        RefusedError: Not dev and not read-only, or a wrong account.
        UnavailableError: There is no such API.
    """
    require_dev(asked.where.environment.name, read_only=asked.read_only)
    site = open_site(asked.where)
    root = site.checkout.root if site.checkout is not None else Path.cwd()
    document = api_document(site.service, root, asked.openapi, asked.lld)
    lines = planned(plan(document), read_only=asked.read_only, leave=asked.leave)
    return [f"would ask {api_address(site)}", *lines]


def run_integration(asked: Asked) -> IntegrationRun:
    """Test the deployed service.

    Raises:
        RefusedError: Not dev and not read-only, or a wrong account.
        UnavailableError: There is no such API.
    """
    require_dev(asked.where.environment.name, read_only=asked.read_only)
    site = open_site(asked.where)
    root = site.checkout.root if site.checkout is not None else Path.cwd()
    document = api_document(site.service, root, asked.openapi, asked.lld)
    url = api_address(site)
    began = site.clock.now()
    walk = Walk(
        Door(url, site.session, site.environment.region), document, _bodies(asked.data), asked.leave
    )
    hear_first_only()
    try:
        with step(f"asking {url}"):
            walk.go(plan(document), read_only=asked.read_only)
    except KeyboardInterrupt:
        for left in walk.left_behind:
            warn(f"left behind: {left}")
        raise
    walk.cases += _log_cases(site, began)
    return IntegrationRun(
        site.service, site.environment.name, url, asked.read_only, tuple(walk.cases),
        tuple(walk.left_behind),
    )  # fmt: skip


def _log_cases(site: Site, began: datetime) -> list[Case]:
    from common.aws_logs import Logs

    logs = Logs(site.session, sleep=site.clock.sleep)
    site.clock.sleep(_LOG_LAG_S)
    found = []
    for name in site.resources().functions:
        lines = [line for line in logs.errors(name, began, limit=_LINES) if is_error_line(line)]
        failure = "\n".join(["it has errors", *lines[:5]]) if lines else ""
        found.append(Case(f"log of {name}", failure=failure))
    return found


def _bodies(path: Path | None) -> Mapping[str, Any]:
    if path is None:
        return {}
    found = read_yaml(path)
    if not isinstance(found, dict) or not all(isinstance(body, dict) for body in found.values()):
        raise UnavailableError(f"--data {str(path)!r} is no mapping of 'METHOD /path' to a body")
    return found
