"""GET requests to the service's API, for smoke tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.resources import Resources

_SECONDS = 10


class Web:
    """The network, asked without credentials and without following anybody elsewhere."""

    def status(self, url: str) -> int:
        """The status code of a GET, or 0 without an answer."""
        import requests

        try:
            return requests.get(url, timeout=_SECONDS, allow_redirects=False).status_code
        except requests.RequestException:
            return 0


def api_url(resources: Resources, region: str) -> str:
    """Where the API answers: what `BBWS_API_URL` says, else AWS's own address for the stage."""
    if resources.api_id is None:
        return ""
    stated = os.environ.get("BBWS_API_URL")
    if stated:
        return stated
    return f"https://{resources.api_id}.execute-api.{region}.amazonaws.com/{resources.stage}"
