"""The control interface of a sandbox, under `/_sandbox/`: for its own commands, and for tests."""

from __future__ import annotations

import hmac
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs

from moto.awslambda.models import lambda_backends
from werkzeug.wrappers import Response

from sandbox import snapshot
from sandbox.gateway import Environ, as_json

if TYPE_CHECKING:
    import threading

    from sandbox.aws.lambdas import SandboxLambdaBackend
    from sandbox.events.clock import Clock
    from sandbox.events.mappings import Mappings
    from sandbox.places import Place
    from sandbox.request_log import RequestLog


class Administration:
    """Answers control requests; what changes anything needs the sandbox's token."""

    def __init__(
        self,
        where: Place,
        token: str,
        stop: threading.Event,
        log: RequestLog,
        clock: Clock,
        mappings: Mappings,
    ) -> None:
        self._where = where
        self._token = token
        self._stop = stop
        self._log = log
        self._clock = clock
        self._mappings = mappings
        self._keep = False

    def answer(self, method: str, path: str, environ: Environ) -> Response:
        """One control request."""
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        if method == "GET" and path == "status":
            return as_json({"name": self._where.name, "pid": os.getpid(), **self._facts()})
        if method == "GET" and path == "requests":
            entries = self._log.since(int(query.get("since", "0")))
            return as_json([asdict(entry) for entry in entries])
        if method == "GET" and path.startswith("code/"):
            return _code(path.split("/")[1:])
        if not hmac.compare_digest(environ.get("HTTP_X_SANDBOX_TOKEN", ""), self._token):
            return as_json({"message": "this needs the token of the sandbox"}, 403)
        if method == "POST" and path == "stop":
            self._keep = query.get("keep") == "true"
            self._stop.set()
            return as_json({})
        if method == "POST" and path == "fire":
            return as_json({"fired": self._clock.fire(query.get("name", ""))})
        return as_json({"message": f"there is no {method} {path}"}, 404)

    def restore(self) -> None:
        """Bring back the state that was kept, if any."""
        kept = snapshot.load(self._where.kept)
        if kept is not None:
            self._mappings.streams.positions.update(kept)

    def keep_if_asked(self) -> None:
        """Keep the state of AWS for the next start, or forget what an earlier stop kept."""
        if self._keep:
            snapshot.save(self._where.kept, self._mappings.streams.positions)

    def _facts(self) -> dict[str, Any]:
        return {"requests": dict(self._log.counts()), "functions": sum(1 for _ in _functions())}


def _functions() -> Any:
    for regions in list(lambda_backends.values()):
        for backend in list(regions.values()):
            yield from cast("SandboxLambdaBackend", backend).list_functions()


def _code(parts: list[str]) -> Response:
    """A deployed package, as the `Location` of `GetFunction` promises."""
    if len(parts) != 4:
        return as_json({"message": "account/region/function/version"}, 404)
    account, region, name, version = parts
    function = lambda_backends[account][region].get_function(name, version)
    return Response(function.code_bytes, content_type="application/zip")
