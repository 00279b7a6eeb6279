"""The process of one sandbox.

Stages: prepare the runtime and put it into moto's place, restore kept state, serve, start what
runs by itself (proxy, GitHub, event sources, schedules), write the record that says "ready", and
wait until told to stop.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import threading
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from common.environments import environments
from sandbox.administration import Administration
from sandbox.aws.install import install
from sandbox.aws.services import Services
from sandbox.aws.telemetry import CloudWatchTelemetry, RoleSessions
from sandbox.components import start_github
from sandbox.events.clock import Clock
from sandbox.events.mappings import Mappings
from sandbox.front.server import Front
from sandbox.front.tls import make_tls, trusted
from sandbox.front.tunnel import Tunnel
from sandbox.gateway import Gateway
from sandbox.places import Place, Running
from sandbox.profiles import config_text, credentials_text
from sandbox.request_log import RequestLog
from sandbox.runtime.asynchronous import Asynchronous
from sandbox.runtime.environment import Surroundings
from sandbox.runtime.execution import Execution
from sandbox.runtime.interpreters import runtime_site
from sandbox.whole_answers import WholeAnswers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOST = "127.0.0.1"
UPDATE_SECONDS = 0.2
_POLL_S = 0.05
"""How soon a server notices that it shall end."""


class Handler(WholeAnswers, MotoRequestHandler):
    """A connection to AWS; one that says nothing is given up."""

    timeout = 300


def run(where: Place) -> None:
    """Run until a signal or the control interface ends it."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    with ExitStack() as parts:
        _run(where, stop, parts)


def _run(where: Place, stop: threading.Event, parts: ExitStack) -> None:
    shutil.rmtree(where.work, ignore_errors=True)
    where.work.mkdir(mode=0o700)
    parts.callback(shutil.rmtree, where.work, ignore_errors=True)
    token = secrets.token_hex(16)
    server = make_server(HOST, 0, _not_yet, threaded=True, request_handler=Handler)
    endpoint = f"http://{HOST}:{server.server_port}"
    services = _services(where, endpoint, parts)
    install(services, endpoint, UPDATE_SECONDS)
    log = RequestLog(_emptied(where.requests))
    parts.callback(log.close)
    clock, mappings = Clock(), Mappings()
    administration = Administration(where, token, stop, log, clock, mappings)
    administration.restore()
    with ExitStack() as serving:
        server.app = Gateway(Front(), log, administration.answer)
        threading.Thread(
            target=server.serve_forever, args=(_POLL_S,), name="gateway", daemon=True
        ).start()
        serving.callback(server.shutdown)
        proxy = _proxy(where, server, serving)
        github = start_github(where, serving)
        for source in (clock, mappings):
            source.start()
            serving.callback(source.close)
        _write(where.aws_config, config_text(endpoint))
        _write(where.aws_credentials, credentials_text())
        started = datetime.now(UTC).isoformat(timespec="seconds")
        running = Running(where.name, os.getpid(), token, started, endpoint, proxy, github)
        running.write(where.record)
        serving.callback(where.record.unlink, missing_ok=True)
        stop.wait()
    # Nothing changes the state any more.
    administration.keep_if_asked()


def _not_yet(_: Any, start_response: Callable[..., Any]) -> list[bytes]:
    start_response("503 Service Unavailable", [("Content-Length", "0")])
    return [b""]


def _services(where: Place, endpoint: str, parts: ExitStack) -> Services:
    site = runtime_site(where.work / "runtime")
    execution = Execution(
        where.work, Surroundings(endpoint, site), CloudWatchTelemetry(), RoleSessions()
    )
    parts.callback(execution.close)
    asynchronous = Asynchronous(execution)
    parts.callback(asynchronous.close)
    return Services(execution, asynchronous)


def _proxy(where: Place, server: BaseWSGIServer, parts: ExitStack) -> str:
    tls = make_tls(where.work, (row.region for row in environments().values()))
    where.authorities.write_bytes(trusted(tls.authority))

    def serve(connection: Any, address: tuple[str, int]) -> None:
        # The handler serves the whole connection while it is being made.
        with suppress(OSError):
            Handler(connection, address, server)

    tunnel = Tunnel(tls, serve)
    tunnel.start()
    parts.callback(tunnel.server_close)
    parts.callback(tunnel.shutdown)
    return tunnel.url


def _emptied(path: Path) -> Path:
    _write(path, "")
    return path


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    file: IO[str]
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
