"""The proxy of `HTTPS_PROXY`: AWS's addresses of deployed APIs lead to this machine.

`CONNECT {api}.execute-api.{region}.amazonaws.com:443` is answered here, with the sandbox's own
certificate. Any other host of AWS is refused: a tool that overlooked the endpoint variables must
not reach a real account. The rest of the world passes, as it would without the sandbox.
"""

from __future__ import annotations

import os
import re
import selectors
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sandbox.front.tls import Tls

HOST = "127.0.0.1"

_API = re.compile(r"[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com")
_AWS = re.compile(r"(?:.+\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws|on\.aws)")
_PATIENCE_S = 30
_LARGEST_HEAD = 16 * 1024

Serve = Callable[[ssl.SSLSocket, tuple[str, int]], None]
"""Serves the HTTP requests of one connection until it ends."""


class Tunnel(socketserver.ThreadingTCPServer):
    """The proxy on a free port of this machine."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, tls: Tls, serve: Serve, port: int = 0) -> None:
        super().__init__((HOST, port), _Connection)
        self.tls = tls
        self.serve = serve
        self.upstream = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy") or ""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(
            target=self.serve_forever, args=(0.05,), name="tunnel", daemon=True
        ).start()


class _Connection(socketserver.BaseRequestHandler):
    server: Tunnel
    request: socket.socket

    def handle(self) -> None:
        self.request.settimeout(_PATIENCE_S)
        with suppress(OSError, ssl.SSLError):
            words = _head(self.request).split(b"\r\n", 1)[0].decode("latin-1").split()
            if len(words) != 3 or words[0] != "CONNECT":
                self._refuse("405 Method Not Allowed", "this proxy tunnels https only")
                return
            host, _, port = words[1].rpartition(":")
            self._connect(host.lower(), int(port or 443))

    def _connect(self, host: str, port: int) -> None:
        if _API.fullmatch(host):
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with self.server.tls.context.wrap_socket(self.request, server_side=True) as secured:
                self.server.serve(secured, self.client_address)
        elif _AWS.fullmatch(host):
            self._refuse("403 Forbidden", f"the sandbox lets nothing through to {host}")
        else:
            self._pass_through(host, port)

    def _pass_through(self, host: str, port: int) -> None:
        try:
            beyond = _reach(host, port, self.server.upstream)
        except OSError as error:
            self._refuse("502 Bad Gateway", f"{host} cannot be reached: {error}")
            return
        with beyond:
            if not self.server.upstream:
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _pump(self.request, beyond)

    def _refuse(self, status: str, reason: str) -> None:
        body = f"{reason}\n".encode()
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.request.sendall(head.encode() + body)


def _head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _LARGEST_HEAD:
        part = connection.recv(4096)
        if not part:
            break
        head += part
    return head


def _reach(host: str, port: int, upstream: str) -> socket.socket:
    """A connection to the host, or to the proxy that leads there, which answers for itself."""
    if not upstream:
        return socket.create_connection((host, port), _PATIENCE_S)
    proxy = urlsplit(upstream if "//" in upstream else f"//{upstream}")
    beyond = socket.create_connection((proxy.hostname or "", proxy.port or 8080), _PATIENCE_S)
    beyond.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    return beyond


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    pairs = {one: other, other: one}
    with selectors.DefaultSelector() as selector:
        for side in pairs:
            selector.register(side, selectors.EVENT_READ, side)
        while ready := selector.select(timeout=300):
            for key, _ in ready:
                side = key.data
                content = side.recv(65536)
                if not content:
                    return
                pairs[side].sendall(content)
