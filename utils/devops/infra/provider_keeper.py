"""`provider_keeper.py BINARY`: keeps a provider running until whoever started this is gone.

A program of its own, because a killed one cannot end what it has started: when its end of our
standard input closes, the provider goes. The provider's socket lies in a folder of this user's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile


def main(binary: str) -> None:
    """Start the provider, let it say on our standard output where it listens, and wait."""
    os.umask(0o077)
    with tempfile.TemporaryDirectory(prefix="bbws-provider-") as sockets:
        provider = subprocess.Popen(
            [binary, "-debug"],
            env={**os.environ, "PLUGIN_UNIX_SOCKET_DIR": sockets},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Its end must be seen at the other end of the pipe: nobody else may hold this one.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.stdin.buffer.read()
        provider.kill()
        provider.wait()


if __name__ == "__main__":
    main(sys.argv[1])
