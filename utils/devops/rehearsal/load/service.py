"""The service to put under load: its account checked, its address and requests found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.accounts import profile_of
from common.environments import environment
from common.errors import UsageProblemError
from deploy.site import Where, open_site
from rehearsal.api_document import api_document
from rehearsal.deployed_api import api_address
from rehearsal.integration.plan import plan
from rehearsal.load.config import Request

if TYPE_CHECKING:
    from rehearsal.load.config import Config


@dataclass(frozen=True, slots=True)
class Found:
    """Where the service answers, who signs, and the reading requests of its design."""

    url: str
    region: str
    profile: str | None
    requests: tuple[Request, ...]


def find_service(config: Config, profile: str | None) -> Found:
    """The deployed service of the configuration.

    Raises:
        RefusedError: Wrong account or region.
        UnavailableError: It has no API there.
        UsageProblemError: Its design is needed and not here.
    """
    here = environment(config.environment or "")
    site = open_site(Where(here, config.service, profile=profile))
    root = site.checkout.root if site.checkout is not None else Path.cwd()
    requests = () if config.requests else reading_requests(config, site.service, root)
    return Found(api_address(site), here.region, profile_of(site.session), requests)


def reading_requests(config: Config, service: str, root: Path) -> tuple[Request, ...]:
    """Every GET of the design whose path can be filled: reading leaves nothing behind."""
    found = []
    for operation in plan(api_document(service, root, None, None)).operations:
        known = all(name in config.data for name in operation.parameters)
        if operation.method == "GET" and known and not operation.query:
            found.append(Request("GET", operation.path, operation.name))
    if not found:
        raise UsageProblemError(
            "the design has no GET that can be sent without more values",
            hint="give `data` for its path parameters, or list `requests`",
        )
    return tuple(found)
