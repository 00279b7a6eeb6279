"""Terraform workspaces: several states of one configuration within an environment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from common.errors import FailedError, RefusedError, UsageProblemError
from infra.initialising import error_text

if TYPE_CHECKING:
    from infra.site import Site

_VERBS = {"select": "select", "new": "create and select", "delete": "delete"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,89}")


def workspace_names(site: Site) -> list[str]:
    """Every workspace of this state.

    Raises:
        FailedError: Terraform could not list them.
    """
    answer = site.terraform.call("workspace", "list", "-no-color")
    if not answer.ok:
        raise FailedError(f"listing workspaces: {error_text(answer)}")
    found = [line.strip("* \t") for line in answer.stdout.splitlines()]
    return sorted(name for name in found if _NAME.fullmatch(name))


def would_change(site: Site, action: str, name: str) -> str:
    """What `change_workspace` would do, after all its checks.

    Raises:
        UsageProblemError: The name is none, or there is (not) such a workspace.
        RefusedError: It is the default one, or in use.
        FailedError: Terraform could not list them.
    """
    _check(site, action, name)
    exists = name in workspace_names(site)
    if exists is (action == "new"):
        there = "is" if exists else "is not"
        raise UsageProblemError(f"the workspace {name!r} {there} there")
    return f"{_VERBS[action]} the workspace {name}"


def change_workspace(site: Site, action: str, name: str) -> str:
    """Select, create or delete a workspace; the one selected afterwards.

    Raises:
        UsageProblemError: The name is none.
        RefusedError: It is the default one, or in use.
        FailedError: Terraform could not.
    """
    _check(site, action, name)
    answer = site.terraform.call("workspace", action, "-no-color", name)
    if not answer.ok:
        raise FailedError(f"workspace {action} {name}: {error_text(answer)}")
    site.folder.forget_plan()
    return site.workspace


def _check(site: Site, action: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageProblemError(f"{name!r} is not a workspace's name")
    if action == "delete" and name in {"default", site.workspace}:
        raise RefusedError(f"the workspace {name!r} is the default one or selected")
