"""Parts of a sandbox that are servers of their own: GitHub, and the people it knows."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.github.store import Store

ORGANISATION = "bbws"
OPERATOR = "operator"
APPROVERS = ("dev-lead", "business-owner", "tech-lead")
"""One person for each team that approves; person and team have the same name."""

_TOKENS = "tokens.json"


def start_github(folder: Path, parts: ExitStack) -> str:
    """The sandbox GitHub with the state in `folder`, served until `parts` ends; its address."""
    from sandbox.github.server import Server

    server = Server(folder)
    if not (folder / _TOKENS).is_file():
        _welcome(server.store, folder / _TOKENS)
    parts.enter_context(server)
    return server.url


def tokens(folder: Path) -> dict[str, str]:
    """The token of each person, as `start_github` made them."""
    try:
        found: dict[str, str] = json.loads((folder / _TOKENS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _welcome(store: Store, path: Path) -> None:
    made = {login: f"sandbox-{secrets.token_hex(16)}" for login in (OPERATOR, *APPROVERS)}
    for login, token in made.items():
        store.add_user(login, token)
    store.add_org(ORGANISATION, owners=[OPERATOR])
    for team in APPROVERS:
        store.add_team(ORGANISATION, team, [team])
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(made, file)
