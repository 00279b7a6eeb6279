"""The note an apply leaves while it runs, and what is said of one that never ended.

A killed apply leaves its note, its log and perhaps its lock. What the log calls created and the
state does not know has to be imported, or the next apply makes it a second time.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.answers import read_messages
from infra.folder import write_private

if TYPE_CHECKING:
    from infra.folder import Folder
    from infra.site import Site


@dataclass(frozen=True, slots=True)
class Leftover:
    """An apply that never said how it ended."""

    started: str
    by: str
    running: int | None
    finished: int
    orphans: tuple[tuple[str, str], ...]

    def lines(self, command: str) -> list[str]:
        """What to tell the person who comes next."""
        text = f"an apply started at {self.started} by {self.by} never ended properly"
        if self.running:
            return [f"{text}; its Terraform (process {self.running}) is still at work"]
        lines = [f"{text}; {self.finished} changes are in its log"]
        for address, identifier in self.orphans:
            lines.append(
                f"{address} was created but is not in the state; before you apply: "
                f"terraform_cli.py state {command} --action import "
                f"--address '{address}' --id '{identifier}'"
            )
        return lines


def claim_facts(site: Site) -> dict[str, Any]:
    """Who applies, where and in which run: for the claim of a seal and for the journal."""
    facts: dict[str, Any] = {
        "by": site.validated.arn,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "at": site.now().isoformat(timespec="seconds"),
    }
    if os.environ.get("GITHUB_RUN_ID"):
        facts["run"] = {
            "repository": os.environ.get("GITHUB_REPOSITORY"),
            "id": os.environ["GITHUB_RUN_ID"],
        }
    return facts


def write(folder: Folder, facts: Mapping[str, Any]) -> None:
    """Note that an apply is running."""
    write_private(folder.journal_file, json.dumps(facts).encode())


def leftover(site: Site) -> Leftover | None:
    """What an apply that was killed here has left; None when the last one ended properly."""
    path = site.folder.journal_file
    if not path.exists():
        return None
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        facts = {}
    pid = facts.get("terraform")
    running = pid if isinstance(pid, int) and _is_terraform(pid) else None
    log = site.folder.apply_log
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    messages = read_messages(lines)
    known = addresses(site.vault().state()) if messages.created and not running else set()
    return Leftover(
        started=str(facts.get("at", "an unknown time")),
        by=str(facts.get("by", "somebody")),
        running=running,
        finished=len(messages.finished),
        orphans=tuple(sorted((a, i) for a, i in messages.created.items() if a not in known)),
    )


def clear(folder: Folder) -> None:
    """The apply has ended, or what it left has been told."""
    folder.journal_file.unlink(missing_ok=True)


def addresses(state: Mapping[str, Any] | None) -> set[str]:
    """The addresses of the managed resources in a state."""
    found = set()
    for resource in (state or {}).get("resources") or ():
        if resource.get("mode") != "managed":
            continue
        module = f"{resource['module']}." if resource.get("module") else ""
        base = f"{module}{resource['type']}.{resource['name']}"
        for instance in resource.get("instances") or ():
            key = instance.get("index_key")
            found.add(base if key is None else f"{base}[{json.dumps(key)}]")
    return found


def _is_terraform(pid: int) -> bool:
    try:
        return b"terraform" in (Path("/proc") / str(pid) / "cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return False
