"""Where the API of a deployed service answers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from common.errors import UnavailableError
from deploy.execution.fetching import api_url
from rehearsal.addresses import require_address

if TYPE_CHECKING:
    from deploy.resources import Resources
    from deploy.site import Site


def api_address(site: Site, resources: Resources | None = None) -> str:
    """The address of the service's API in the environment of the site.

    `BBWS_API_URL` may name another one, of this machine or of that environment's own domain.

    Raises:
        RefusedError: `BBWS_API_URL` leads elsewhere.
        UnavailableError: The service has no API there.
    """
    stated = os.environ.get("BBWS_API_URL")
    if stated:
        require_address(stated, [site.environment])
    url = api_url(resources or site.resources(), site.environment.region)
    if not url:
        raise UnavailableError(
            f"{site.service!r} has no API in {site.environment.name}",
            hint=f"deploy_cli.py dev --service {site.service}",
        )
    return url
