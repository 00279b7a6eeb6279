"""Serves the sandbox GitHub on a free loopback port, in a thread or as a process of its own."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

from werkzeug.serving import make_server

from sandbox.github.app import Interruption, create_app, request_log
from sandbox.github.store import Store
from sandbox.whole_answers import WholeAnswers

if TYPE_CHECKING:
    from sandbox.github.engine import Executor

HOST = "127.0.0.1"


class Server:
    """A running sandbox GitHub; a context manager that ends it."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        interrupt: Interruption | None = None,
        executor: Executor | None = None,
    ) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.store = Store(folder)
        self.app = create_app(self.store, interrupt)
        self.app.extensions["github_executor"] = executor
        self._server = make_server(
            HOST, port, self.app, threaded=True, request_handler=WholeAnswers
        )
        self.url = f"http://{HOST}:{self._server.server_port}"
        self.store.base_url = self.url
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    @property
    def requests(self) -> list[str]:
        """`METHOD /path` of every API request so far; git's are not among them."""
        return request_log(self.app)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.store.save()

    def serve_forever(self) -> None:
        """Serve in this thread until the process is told to end."""
        self._server.serve_forever(poll_interval=0.02)
