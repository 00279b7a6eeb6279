"""`python -m sandbox.launch NAME`: starts the process of a sandbox and leaves it alone.

Takes the lock first, then forks: the lock is held for as long as the sandbox's process lives and
not longer, so nobody has to guess from a process number whether it does. Prints that number.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import traceback

from sandbox.places import place


def main(name: str) -> None:
    """Return in neither process: the first ends at once, the other when the sandbox does."""
    where = place(name)
    lock = os.open(where.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"sandbox {name!r} is running already")
    pid = os.fork()
    if pid:
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        os._exit(0)
    os.setsid()
    os.dup2(2, 1)

    from sandbox.server import run

    try:
        run(where)
    except Exception:
        traceback.print_exc()
    finally:
        # Threads that sleep between retries, and an installation that still runs, end as well.
        sys.stderr.flush()
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1])
