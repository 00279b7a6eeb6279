"""The GitHub REST API: one client with verbs, bounded retries, paging and conditional requests.

Rules every call follows. The token travels in the `Authorization` header and nowhere else. What
GitHub certainly did not do (a rate limit) is repeated for every method; what it may have done (a
500, a dropped connection) only for those that can be (`github_retry`). A wait is announced.
Answers are `Record`s: a key that should be there and is not is an error of the other side, with the
request that got it, never a `KeyError`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from common.errors import RefusedError, UnavailableError, UsageProblemError
from common.github_errors import GitHubError, MalformedAnswerError, Record, failure, records
from common.github_retry import (
    REPEATABLE,
    Clock,
    Limits,
    asked_wait,
    is_rate_limit,
    reason_of,
    wait_before_next,
)
from common.masking import mask, register
from common.output import note

if TYPE_CHECKING:
    import requests

DEFAULT_API = "https://api.github.com"
API_VERSION = "2022-11-28"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Answer:
    """One successful answer: its status, its parsed body (None when empty) and the next page."""

    status: int
    body: Any = None
    next_page: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class GitHub:
    """A session with one GitHub, for one token."""

    def __init__(
        self,
        token: str,
        *,
        api: str = DEFAULT_API,
        session: requests.Session | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        import requests

        register(token)
        self.api = _checked_api(api)
        self.calls = 0
        self._token = token
        self._session = session or requests.Session()
        self._limits = limits or Limits()
        self._clock = clock or Clock()
        self._known: dict[str, tuple[str, Answer]] = {}

    @classmethod
    def from_environment(cls) -> GitHub:
        """The client for `GITHUB_TOKEN` (or `GH_TOKEN`) and `GITHUB_API_URL`.

        Raises:
            UnavailableError: There is no token, or it cannot be one.
            UsageProblemError: The address is not one the token may be sent to.
        """
        name = "GITHUB_TOKEN" if os.environ.get("GITHUB_TOKEN") else "GH_TOKEN"
        token = os.environ.get(name, "").strip()
        if not token:
            raise UnavailableError(
                "there is no GitHub token", hint="set GITHUB_TOKEN (or GH_TOKEN)"
            )
        if not all("!" <= character <= "~" for character in token):
            # Left to the HTTP library, the error would quote it escaped, which no mask matches.
            raise UnavailableError(
                f"{name} is not a token: it has a blank, a line break or a character beyond ASCII",
                hint="set it to the token and nothing else",
            )
        return cls(token, api=os.environ.get("GITHUB_API_URL") or DEFAULT_API)

    @property
    def token(self) -> str:
        """For git alone, which sends it as a header; never put it into words, a URL or a file."""
        return self._token

    def __repr__(self) -> str:
        return f"GitHub({self.api!r})"

    def get(self, path: str, **query: str | int) -> Record:
        """One object."""
        return self._record(self.request("GET", path, query=query), "GET", path)

    def find(self, path: str, **query: str | int) -> Record | None:
        """One object, or None where GitHub answers 404."""
        try:
            return self.get(path, **query)
        except GitHubError as error:
            if error.status == 404:
                return None
            raise

    def exists(self, path: str) -> bool:
        """Whether GitHub answers a question of the 204-or-404 kind with yes."""
        try:
            self.request("GET", path)
        except GitHubError as error:
            if error.status == 404:
                return False
            raise
        return True

    def listing(self, path: str, key: str | None = None, **query: str | int) -> list[Record]:
        """All entries of a list, page by page; `key` names the list inside an object."""
        return [entry for page in self.pages(path, key, **query) for entry in page]

    def pages(
        self, path: str, key: str | None = None, **query: str | int
    ) -> Iterator[list[Record]]:
        """The pages of a list, each fetched when it is asked for."""
        following: str | None = path
        asked: Mapping[str, str | int] = {"per_page": 100, **query}
        while following is not None:
            answer = self.request("GET", following, query=asked)
            found = self._record(answer, "GET", path)[key] if key else answer.body
            yield records(found, f"GET {path}")
            following, asked = answer.next_page, {}

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Record:
        """Create something; not repeated when its outcome is unknown."""
        return self._changed("POST", path, body)

    def put(self, path: str, body: Mapping[str, Any] | None = None) -> Record:
        """Set something."""
        return self._changed("PUT", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Record:
        """Change parts of something."""
        return self._changed("PATCH", path, body)

    def delete(self, path: str) -> None:
        """Remove something."""
        self.request("DELETE", path)

    def _changed(self, method: str, path: str, body: Mapping[str, Any] | None) -> Record:
        answer = self.request(method, path, body=body)
        return Record() if answer.body is None else self._record(answer, method, path)

    @staticmethod
    def _record(answer: Answer, method: str, path: str) -> Record:
        if isinstance(answer.body, Record):
            return answer.body
        raise MalformedAnswerError(f"{method} {path} answered with something else than an object")

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request, again where that is right, and return what came of it.

        Args:
            path: Below the API's address, or a full address on the same host (a next page).
            body: Sent as JSON; bytes go as they are, with the `Content-Type` in `headers`.

        Raises:
            GitHubError: GitHub refused; carries the status and GitHub's reason.
            UnavailableError: No answer, or none that can be read.
        """
        address = self._address(path)
        attempt = 1
        while True:
            response, trouble = self._send(method, address, query, body, headers)
            if response is not None and response.status_code < 400:
                return self._answer(method, path, response)
            wait = wait_before_next(method, attempt, response, self._limits, self._clock)
            if wait is None:
                raise self._failure(method, path, response, trouble)
            note(f"GitHub: {reason_of(response, trouble)}; trying again in {wait:.0f} s")
            self._clock.sleep(wait)
            attempt += 1

    def _address(self, path: str) -> str:
        if "://" not in path:
            return self.api + path
        if urlsplit(path)[:2] != urlsplit(self.api)[:2]:
            raise RefusedError(f"{path!r} is not on {self.api}: the token is not sent there")
        return path

    def _send(
        self,
        method: str,
        address: str,
        query: Mapping[str, str | int] | None,
        body: Any,
        headers: Mapping[str, str] | None,
    ) -> tuple[requests.Response | None, Exception | None]:
        import requests

        prepared = requests.Request(
            method,
            address,
            params=dict(query or {}),
            headers={**self._headers(method, address, query), **(headers or {})},
            auth=self._authorize,
            data=body if isinstance(body, bytes) else None,
            json=None if isinstance(body, bytes) else body,
        )
        self.calls += 1
        limits = (self._limits.connect, self._limits.read)
        try:
            request = self._session.prepare_request(prepared)
            settings = self._session.merge_environment_settings(
                request.url or address, {}, None, None, None
            )
            follow = method in {"GET", "HEAD"}
            response = self._session.send(
                request, timeout=limits, allow_redirects=follow, **settings
            )
        except requests.RequestException as error:
            return None, error
        return response, None

    def _headers(
        self, method: str, address: str, query: Mapping[str, str | int] | None
    ) -> dict[str, str]:
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": API_VERSION,
            "User-Agent": "bbws-devops-toolkit",
        }
        known = self._known.get(_cache_key(address, query)) if method == "GET" else None
        return {**headers, "If-None-Match": known[0]} if known else headers

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # As an `auth` callable: a ~/.netrc entry for the host would replace a plain header.
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def _answer(self, method: str, path: str, response: requests.Response) -> Answer:
        sent = response.request.url or ""
        if response.status_code == 304 and sent in self._known:
            return self._known[sent][1]
        if response.is_redirect or response.status_code in {301, 302, 307, 308}:
            raise GitHubError(
                f"{method} {path}: moved to {response.headers.get('Location', 'elsewhere')}",
                status=response.status_code,
                hint="the repository was renamed or transferred: use its present name",
            )
        answer = Answer(
            response.status_code,
            _parsed(method, path, response),
            response.links.get("next", {}).get("url"),
            response.headers,
        )
        etag = response.headers.get("ETag")
        if method == "GET" and etag:
            self._known[sent] = (etag, answer)
        return answer

    def _failure(
        self,
        method: str,
        path: str,
        response: requests.Response | None,
        trouble: Exception | None,
    ) -> UnavailableError:
        again = "the same command again goes on from here"
        if response is None:
            unknown = "" if method in REPEATABLE else "; whether it took effect is unknown"
            error = UnavailableError(
                f"{method} {path}: {reason_of(None, trouble)}{unknown}", hint=again
            )
            error.__cause__ = trouble
            return error
        if is_rate_limit(response):
            until = self._clock.now() + asked_wait(response, 1, self._clock)
            moment = datetime.fromtimestamp(until, UTC).strftime("%H:%M:%S UTC")
            hint = f"try again after {moment}"
            return GitHubError(f"{method} {path}: rate limit", status=429, hint=hint)
        return failure(method, path, response.status_code, response.text, again)


def _checked_api(api: str) -> str:
    try:
        parts = urlsplit(api)
        if parts.scheme:
            _cache_key(api, None)
    except ValueError as error:
        raise UsageProblemError(f"GITHUB_API_URL {mask(api)!r} is not an address") from error
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        if parts.username is None and parts.password is None and parts.hostname:
            return api.rstrip("/")
        raise UsageProblemError("GITHUB_API_URL holds credentials or no host; it must not")
    raise UsageProblemError(
        f"GITHUB_API_URL {mask(api)!r} is not https", hint="the token would travel in clear"
    )


def _cache_key(address: str, query: Mapping[str, str | int] | None) -> str:
    from requests import Request

    return Request("GET", address, params=dict(query or {})).prepare().url or address


def _parsed(method: str, path: str, response: requests.Response) -> Any:
    if response.status_code == 204 or not response.content:
        return None
    try:
        return json.loads(response.content, object_hook=Record)
    except ValueError as error:
        raise MalformedAnswerError(
            f"{method} {path} answered {response.status_code} with something that is not JSON",
            hint="is GITHUB_API_URL the address of a GitHub API?",
        ) from error
