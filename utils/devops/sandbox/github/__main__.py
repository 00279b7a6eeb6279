"""`python -m sandbox.github FOLDER [PORT]`: serve until ended; prints the address on one line."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from sandbox.github.server import Server


def main(words: list[str]) -> None:
    """Serve the state in the folder named first, on the port named second or a free one."""
    server = Server(Path(words[0]), port=int(words[1]) if len(words) > 1 else 0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stdout.write(server.url + "\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    finally:
        server.store.save()


if __name__ == "__main__":
    main(sys.argv[1:])
