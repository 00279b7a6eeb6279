"""CODEOWNERS: who has to review what."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from repository.changes import Change, Verb

if TYPE_CHECKING:
    from repository.model import Slug
    from repository.policy import Policy

PATH = ".github/CODEOWNERS"
_PLACES = (PATH, "CODEOWNERS", "docs/CODEOWNERS")


def code_owners(slug: Slug, policy: Policy) -> str:
    """The file for a repository of this owner."""
    teams = " ".join(f"@{slug.owner}/{policy.teams[role].slug}" for role in policy.code_owners)
    lead = f"@{slug.owner}/{policy.teams[policy.code_owners[0]].slug}"
    return (
        "# Reviews that a change needs; a team here must have write access.\n"
        f"*                    {teams}\n"
        f"/.github/            {lead}\n"
        f"/terraform/          {lead}\n"
    )


def creation(slug: Slug, policy: Policy) -> Change:
    """The change that puts the file into a repository that has none."""
    content = base64.b64encode(code_owners(slug, policy).encode()).decode()
    body = {"message": "docs: code owners", "content": content, "branch": policy.branch}
    path = f"{slug.path}/contents/{PATH}"
    return Change(Verb.CREATE, PATH, "PUT", path, body)
