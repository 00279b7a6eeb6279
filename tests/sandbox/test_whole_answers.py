"""Head and body of an answer arrive together; a client that waits to be told is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server

from sandbox.whole_answers import WholeAnswers


def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=WholeAnswers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as made:
        yield made
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_arrives_in_one_piece(connection: socket.socket) -> None:
    connection.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\nbody")
    assert connection.recv(65536).endswith(b"\r\n\r\nbody")


def test_a_client_that_waits_before_its_body_is_told_to_go_on(connection: socket.socket) -> None:
    connection.sendall(
        b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    )
    assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"body")
    assert connection.recv(65536).endswith(b"\r\n\r\nbody")
