"""Parts of a sandbox that are servers of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path


def start_github(folder: Path, parts: ExitStack) -> str:
    """The sandbox GitHub with the state in `folder`; its address."""
    from sandbox.github.server import Server

    server = Server(folder)
    parts.enter_context(server)
    return server.url
