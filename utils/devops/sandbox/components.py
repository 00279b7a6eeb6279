"""Parts of a sandbox that are servers of their own: GitHub, and the people it knows."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.exports import exports_of
from sandbox.places import read_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.github.store import Store
    from sandbox.places import Place

ORGANISATION = "bbws"
OPERATOR = "operator"
APPROVERS = ("dev-lead", "business-owner", "tech-lead")
"""One person for each team that approves; person and team have the same name."""

_TOKENS = "tokens.json"


def start_github(where: Place, parts: ExitStack) -> str:
    """The sandbox's GitHub with the state it has, served until `parts` ends; its address."""
    from sandbox.github.server import Server
    from sandbox.runner.jobs import LocalRunner, abandon
    from sandbox.runner.machine import Machine

    machine = Machine(where.work / "runner", lambda: _exports(where))
    machine.prepare()
    runner = LocalRunner(machine)
    server = Server(where.github, executor=runner)
    abandon(server.store)
    if not (where.github / _TOKENS).is_file():
        _welcome(server.store, where.github / _TOKENS)
    parts.enter_context(server)
    parts.callback(runner.close)
    return server.url


def _exports(where: Place) -> Mapping[str, str]:
    running = read_record(where.record)
    return exports_of(running, where).variables if running else {}


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
