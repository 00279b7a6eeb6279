"""The state of the sandbox GitHub: one JSON document and a folder of bare repositories.

Everything is kept in plain data and written after each change, so that a stopped or killed sandbox
goes on where it was. One lock serialises requests: a sandbox is for one person, not for load.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.github.permissions import JOB_LOGIN, declared

Data = dict[str, Any]

IMMUTABLE_SINCE = "2026-07-15T00:00:00Z"


class Store:
    """All that the sandbox GitHub knows, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self.base_url = ""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = folder / "github.json"
        self.data: Data = self._load()
        self._job_tokens: dict[str, Data] = {}

    def _load(self) -> Data:
        if self._file.is_file():
            loaded: Data = json.loads(self._file.read_text(encoding="utf-8"))
            return loaded
        from nacl.public import PrivateKey

        key = PrivateKey.generate()
        return {
            "next_id": 1000,
            "settings": {"immutable_subjects": True, "server": "github.com"},
            "seal_key": base64.b64encode(bytes(key)).decode(),
            "users": {},
            "orgs": {},
            "repos": {},
        }

    def save(self) -> None:
        """Put the state on disk, whole or not at all."""
        temporary = self._file.with_suffix(".tmp")
        with os.fdopen(
            os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
        ) as out:
            json.dump(self.data, out)
        temporary.replace(self._file)

    def new_id(self) -> int:
        self.data["next_id"] += 1
        return int(self.data["next_id"])

    @property
    def settings(self) -> Data:
        found: Data = self.data["settings"]
        return found

    # --- people ---------------------------------------------------------------------------------

    def add_user(self, login: str, token: str | None = None) -> Data:
        """A user; `token` is what authenticates requests as that user."""
        user: Data = {"login": login, "id": self.new_id(), "token": token, "plan": "pro"}
        self.data["users"][login] = user
        self.save()
        return user

    def add_org(self, login: str, *, plan: str = "enterprise", owners: list[str]) -> Data:
        """An organisation on a plan (`free`, `team` or `enterprise`)."""
        org: Data = {
            "login": login,
            "id": self.new_id(),
            "plan": plan,
            "owners": owners,
            "teams": {},
        }
        self.data["orgs"][login] = org
        self.save()
        return org

    def add_team(self, org: str, slug: str, members: list[str]) -> Data:
        team: Data = {"slug": slug, "id": self.new_id(), "members": members, "repos": {}}
        self.data["orgs"][org]["teams"][slug] = team
        self.save()
        return team

    def user_of_token(self, token: str) -> Data | None:
        if token in self._job_tokens:
            return self._job_tokens[token]
        users = self.data["users"].values()
        return next((user for user in users if user.get("token") and user["token"] == token), None)

    # --- jobs -----------------------------------------------------------------------------------

    def job_token(self, repo: Data, job: Data) -> str:
        """A token for one job: of its repository only, with the permissions it declares."""
        token = f"sandbox-job-{secrets.token_hex(16)}"
        self._job_tokens[token] = {
            **{"login": JOB_LOGIN, "id": 41898282, "plan": "free"},
            "job": {
                "repository": f"{repo['owner']}/{repo['name']}",
                "permissions": declared(job["definition"], job["workflow"]),
            },
        }
        return token

    def job_permissions(self, token: str) -> dict[str, str]:
        """What the bearer of a job's token may do: `read` or `write`, by name."""
        found: dict[str, str] = self._job_tokens[token]["job"]["permissions"]
        return found

    def forget_token(self, token: str) -> None:
        """The job has ended."""
        self._job_tokens.pop(token, None)

    def owner(self, login: str) -> Data | None:
        """The organisation or user of that name, whatever the case it is written in."""
        for kind in ("orgs", "users"):
            for name, owner in self.data[kind].items():
                if name.lower() == login.lower():
                    found: Data = owner
                    return found
        return None

    # --- repositories ---------------------------------------------------------------------------

    def repo(self, owner: str, name: str) -> Data | None:
        wanted = f"{owner}/{name}".lower()
        repos = self.data["repos"].items()
        return next((repo for full, repo in repos if full.lower() == wanted), None)

    def git_folder(self, repo: Data) -> Path:
        return self.folder / "repositories" / f"{repo['id']}.git"

    def teams_of(self, repo: Data) -> list[Data]:
        """The teams with access, each with its `permission` on this repository."""
        org = self.data["orgs"].get(repo["owner"])
        if org is None:
            return []
        name = repo["name"]
        teams = org["teams"].values()
        return [
            {**team, "permission": team["repos"][name]} for team in teams if name in team["repos"]
        ]

    def plan_of(self, repo: Data) -> str:
        """What the plan and the visibility together allow: `free`, `team` or `enterprise`."""
        if not repo["private"]:
            return "enterprise"
        org = self.data["orgs"].get(repo["owner"])
        plan = org["plan"] if org else self.data["users"][repo["owner"]]["plan"]
        return "team" if plan == "pro" else str(plan)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
