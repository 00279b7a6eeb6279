"""What a failed Terraform command means to the person who ran it, and the exit code it deserves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.aws_call import AwsError
from common.errors import DevopsError, FailedError, RefusedError, UnavailableError
from infra.locks import explain

if TYPE_CHECKING:
    from infra.answers import Diagnostic, Messages
    from infra.site import Site

_INIT = (
    "initialization required",
    "required plugins are not installed",
    "module not installed",
    "inconsistent dependency lock file",
    "backend configuration changed",
    "missing required provider",
)


def failure(site: Site, messages: Messages, doing: str) -> DevopsError:
    """The error for what Terraform said while `doing` something."""
    errors = messages.errors
    text = "\n".join(str(error) for error in errors) or "\n".join(messages.other).strip()
    lowered = text.lower()
    if "state lock" in lowered:
        return lock_failure(site, errors, doing)
    if "saved plan is stale" in lowered:
        return RefusedError(
            f"{doing}: the state was changed by somebody else after this plan", hint="plan again"
        )
    if "does not have the expected content" in lowered or "checksum" in lowered:
        return UnavailableError(
            f"{doing}: the state and the checksum that the lock table keeps of it differ; "
            "a run was killed between writing the two",
            hint=f"terraform_cli.py unlock {site.command} --repair-checksum",
        )
    if any(phrase in lowered for phrase in _INIT):
        return UnavailableError(
            f"{doing}: {_short(text)}", hint=f"terraform_cli.py init {site.command}"
        )
    if "nosuchbucket" in lowered or "s3 bucket does not exist" in lowered:
        return UnavailableError(
            f"{doing}: there is no state bucket {site.backend.bucket!r}",
            hint=f"terraform_cli.py bootstrap --env {site.environment.name}",
        )
    return FailedError(f"{doing}: {text or 'Terraform gave no reason'}")


def lock_failure(site: Site, errors: list[Diagnostic], doing: str) -> DevopsError:
    """Who holds the lock, since when, and how to break it."""
    try:
        held = site.locks().held()
    except AwsError:
        held = []
    if held:
        command = f"terraform_cli.py unlock {site.command}"
        message, hint = explain(held, command, site.now())
        return RefusedError(f"{doing}: {message}", hint=hint)
    detail = errors[0].detail if errors else ""
    if "conditional" in detail.lower() or "preconditionfailed" in detail.lower():
        return RefusedError(
            f"{doing}: another run held the state's lock and has just released it",
            hint="try again",
        )
    if "resourcenotfound" in detail.lower():
        return UnavailableError(
            f"{doing}: there is no lock table {site.backend.lock_table!r}",
            hint=f"terraform_cli.py bootstrap --env {site.environment.name}",
        )
    return UnavailableError(f"{doing}: the state's lock cannot be taken: {_short(detail)}")


def _short(text: str) -> str:
    return " ".join(text.split())[:300]
