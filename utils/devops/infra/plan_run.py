"""Run `terraform plan` and read back what it planned."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from infra.answers import parse_json
from infra.failures import failure
from infra.shared_provider import is_served, shared_provider
from infra.supervised import supervise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infra.site import Site
    from infra.supervised import Ended
    from infra.terraform import Terraform


_NOTICED_S = 0.2
"""How long it may take until we notice that the provider died."""


def run_plan(site: Site, words: Sequence[str], *, out: Path, doing: str) -> dict[str, Any]:
    """Plan into a private file; the plan as Terraform shows it.

    Args:
        words: What `terraform plan` is told beyond how to answer and where to write.
        out: The plan's file. Its log, of the same name, lies beside it.
        doing: What this is for, when it fails.

    Raises:
        RefusedError: The state is locked.
        FailedError: Terraform could not plan.
        KeyboardInterrupt: It was interrupted, and has ended well.
    """
    with shared_provider(site.terraform, site.folder) as shared:
        if shared is not None:
            ended = _plan(shared.terraform, words, out)
            if ended.code != 0 and not shared.gone.wait(_NOTICED_S):
                raise failure(site, ended.messages, doing)
            if ended.code == 0:
                shown = read_plan(shared.terraform, out)
                if is_served(shown):
                    return shown
    ended = _plan(site.terraform, words, out)
    if ended.code != 0:
        raise failure(site, ended.messages, doing)
    return read_plan(site.terraform, out)


def _plan(terraform: Terraform, words: Sequence[str], out: Path) -> Ended:
    # Terraform keeps the mode of a file that exists: the plan is never readable to others.
    os.close(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    asked = ["plan", "-json", "-input=false", f"-out={out}", *words]
    ended = supervise(terraform, asked, out.with_suffix(".log"))
    if ended.interrupted:
        raise KeyboardInterrupt
    return ended


def read_plan(terraform: Terraform, plan: Path) -> dict[str, Any]:
    """A saved plan as Terraform shows it."""
    answer = terraform.call("show", "-json", str(plan), check=True)
    shown: dict[str, Any] = parse_json(answer.stdout, "terraform show")
    return shown
