"""Requests to the deployed API, as somebody who may call it, and as nobody."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rehearsal.identity import Identity

if TYPE_CHECKING:
    from boto3 import Session

_LIMIT_S = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `status` is 0 without an answer, `body` is None where it is no JSON."""

    status: int
    body: Any = None
    text: str = ""
    seconds: float = 0.0


class Door:
    """One API, reached with one identity."""

    def __init__(self, base: str, session: Session, region: str) -> None:
        import requests

        self.base = base.rstrip("/")
        self._identity = Identity(region, session)
        self._http = requests.Session()

    def ask(
        self, method: str, path: str, body: Any = None, *, query: dict[str, str] | None = None,
        as_nobody: bool = False,
    ) -> Answer:  # fmt: skip
        """Send one request; it is never repeated."""
        import requests

        content = json.dumps(body).encode() if body is not None else None
        headers = {"Accept": "application/json", "User-Agent": "bbws-devops-rehearsal"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        prepared = requests.Request(
            method, self.base + path, headers=headers, data=content, params=query
        ).prepare()
        if not as_nobody:
            prepared = self._identity(prepared)
        settings = self._http.merge_environment_settings(prepared.url or "", {}, None, None, None)
        started = time.monotonic()
        try:
            found = self._http.send(prepared, timeout=_LIMIT_S, allow_redirects=False, **settings)
        except requests.RequestException as error:
            return Answer(0, None, type(error).__name__, time.monotonic() - started)
        return Answer(
            found.status_code, _json(found.content), found.text[:2000], time.monotonic() - started
        )


def _json(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None
