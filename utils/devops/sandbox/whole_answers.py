"""Answers leave a server in one piece.

werkzeug writes the head of an answer and its body apart. The AWS SDK for Go, and with it Terraform,
now and then takes an answer for broken when its body comes a moment later, and asks again. What it
asked for was done by then: a lock asked for twice is refused, and stays.
"""

from __future__ import annotations

from werkzeug.serving import WSGIRequestHandler


class WholeAnswers(WSGIRequestHandler):
    """Collects head and body, and says nothing on standard error."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def handle_expect_100(self) -> bool:
        """Tell a client that waits to send its body; werkzeug shall not tell it again."""
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.wfile.flush()
        del self.headers["Expect"]
        return True

    def log_request(self, *_: object, **__: object) -> None:
        return
