"""The one door: AWS's API, deployed REST APIs by their host name, and the sandbox's own control.

A WSGI application around moto's. It notes every call to AWS with the service, the operation and
the account whose credentials signed it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from moto.core.request import Request
from moto.core.routing import ServiceOperationRouter, get_service_router
from moto.iam.models import get_account_id_from
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from sandbox.front.proxy import Incoming

if TYPE_CHECKING:
    from sandbox.front.server import Front
    from sandbox.request_log import RequestLog

Environ = dict[str, Any]
Start = Callable[..., Any]
Control = Callable[[str, str, Environ], Response]

_CREDENTIAL = re.compile(r"Credential=([A-Za-z0-9]+)/\d+/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_API_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.([a-z0-9-]+)\.(?:amazonaws\.com|localhost)")
_API_PATH = re.compile(r"/restapis/([a-z0-9]+)/([^/]+)/_user_request_(/.*)?")
_LARGEST_LOGGED_BODY = 64 * 1024
_MOTO_NAMES = {"monitoring": "cloudwatch", "email": "ses", "states": "stepfunctions"}


class Gateway:
    """Takes every request of a sandbox."""

    def __init__(self, front: Front, log: RequestLog, control: Control) -> None:
        self._aws = DomainDispatcherApplication(create_backend_app)
        self._front = front
        self._log = log
        self._control = control

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if path.startswith("/_sandbox/"):
            answer = self._control(environ["REQUEST_METHOD"], path[len("/_sandbox/") :], environ)
            return answer(environ, start_response)
        called = api_call(environ)
        if called:
            return self._api(*called, environ)(environ, start_response)
        return self._logged(environ, start_response)

    def _api(self, api: str, stage: str, path: str, environ: Environ) -> Response:
        place = self._front.locate(api)
        if place is None:
            return Response('{"message":"Forbidden"}', 403, content_type="application/json")
        request = Request(environ)
        incoming = Incoming(
            *place,
            api=api,
            stage=stage,
            method=environ["REQUEST_METHOD"],
            path=path,
            query=environ.get("QUERY_STRING", ""),
            headers=tuple((str(name), str(value)) for name, value in request.headers.items()),
            body=request.get_data(),
            source=environ.get("REMOTE_ADDR", "127.0.0.1"),
        )
        outgoing = self._front.handle(incoming)
        answer = Response(outgoing.body, outgoing.status)
        answer.headers.clear()
        for name, value in outgoing.headers:
            answer.headers.add(name, value)
        answer.headers["Content-Length"] = str(len(outgoing.body))
        return answer

    def _logged(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        began = time.perf_counter()
        status = 0
        access_key, region, service = signed_by(environ)
        account = get_account_id_from(access_key)
        operation = operation_of(service, environ)

        def start(line: str, headers: Any, *rest: Any) -> Any:
            nonlocal status
            status = int(line.split(" ", 1)[0])
            return start_response(line, headers, *rest)

        try:
            return self._aws(environ, start)  # type: ignore[no-any-return]
        finally:
            self._log.add(
                service=service,
                operation=operation,
                account=account,
                region=region,
                status=status,
                milliseconds=(time.perf_counter() - began) * 1000,
                agent=environ.get("HTTP_USER_AGENT", "")[:80],
            )


def api_call(environ: Environ) -> tuple[str, str, str] | None:
    """The API, stage and path of a request to a deployed API, by host name or by path."""
    path = environ.get("PATH_INFO", "")
    by_path = _API_PATH.fullmatch(path)
    if by_path:
        return by_path[1], by_path[2], by_path[3] or "/"
    host = _API_HOST.match(environ.get("HTTP_HOST", ""))
    if not host:
        return None
    stage, _, rest = path.lstrip("/").partition("/")
    return host[1], stage, f"/{rest}"


def signed_by(environ: Environ) -> tuple[str, str, str]:
    """The access key, region and service of a signature; `-` where there is none."""
    query = environ.get("QUERY_STRING", "")
    found = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if found:
        return found[1], found[2], found[3]
    if "X-Amz-Credential" in query:
        parts = parse_qs(query)["X-Amz-Credential"][0].split("/")
        return parts[0], parts[2], parts[3]
    return "-", "-", "sts" if environ.get("CONTENT_TYPE", "").startswith(_FORM) else "-"


_FORM = "application/x-www-form-urlencoded"


def operation_of(service: str, environ: Environ) -> str:
    """The operation a request asks for, from its target, its form or its path."""
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2]
    if environ.get("CONTENT_TYPE", "").startswith(_FORM):
        return _form_action(environ)
    router = _router(service)
    if router is None:
        return "-"
    # Matching needs method, path and query; the body stays unread for moto.
    bare = {name: value for name, value in environ.items() if name != "wsgi.input"}
    try:
        return str(router.match(Request(bare))[0].name)
    except (NotFound, NotImplementedError, KeyError):
        return "-"


@cache
def _router(service: str) -> ServiceOperationRouter | None:
    try:
        return get_service_router(_MOTO_NAMES.get(service, service))
    except Exception:  # an unknown signing name: botocore and moto raise what they like
        return None


def _form_action(environ: Environ) -> str:
    import io

    size = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(size) if size else b""
    environ["wsgi.input"] = io.BytesIO(body)
    action = parse_qs(body[:_LARGEST_LOGGED_BODY].decode("utf-8", "replace")).get("Action")
    return action[0] if action else "-"


def as_json(content: Any, status: int = 200) -> Response:
    """An answer of the control interface."""
    return Response(json.dumps(content), status, content_type="application/json")
