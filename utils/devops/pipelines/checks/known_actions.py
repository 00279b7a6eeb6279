"""The interface of the actions that most workflows use, from their `action.yml`.

A reference by commit names no version, so that linters which look inputs up by tag say nothing of
it. Newer versions may have more inputs than are listed here: an unknown one is a mistake only when
it is close to one that exists.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.workflow.findings import Finding, error
from pipelines.workflow.shapes import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.workflow.model import Step


@dataclass(frozen=True, slots=True)
class Interface:
    """What an action takes and gives; `outputs` is None where the list would not be complete."""

    inputs: frozenset[str]
    required: tuple[str, ...] = ()
    outputs: frozenset[str] | None = None


def _interface(inputs: str, required: str = "", outputs: str | None = None) -> Interface:
    known = None if outputs is None else frozenset(words(outputs))
    return Interface(frozenset(words(inputs)), words(required), known)


KNOWN: Mapping[str, Interface] = {
    "actions/checkout": _interface(
        "repository ref token ssh-key ssh-known-hosts ssh-strict ssh-user persist-credentials path "
        "clean filter sparse-checkout sparse-checkout-cone-mode fetch-depth fetch-tags "
        "show-progress lfs submodules set-safe-directory github-server-url",
        outputs="ref commit",
    ),
    "actions/cache": _interface(
        "path key restore-keys upload-chunk-size enablecrossosarchive fail-on-cache-miss "
        "lookup-only save-always",
        "path key",
        "cache-hit cache-primary-key cache-matched-key",
    ),
    "actions/setup-python": _interface(
        "python-version python-version-file cache architecture check-latest token "
        "cache-dependency-path update-environment allow-prereleases freethreaded pip-version "
        "pip-install",
        outputs="python-version cache-hit python-path",
    ),
    "actions/upload-artifact": _interface(
        "name path if-no-files-found retention-days compression-level overwrite "
        "include-hidden-files archive",
        "path",
        "artifact-id artifact-url artifact-digest",
    ),
    "actions/download-artifact": _interface(
        "name path pattern merge-multiple github-token repository run-id artifact-ids "
        "digest-mismatch skip-decompress",
        outputs="download-path",
    ),
    "aws-actions/configure-aws-credentials": _interface(
        "aws-region aws-profile overwrite-aws-profile role-to-assume aws-access-key-id "
        "aws-secret-access-key aws-session-token web-identity-token-file role-chaining audience "
        "http-proxy no-proxy mask-aws-account-id role-duration-seconds role-external-id "
        "role-session-name role-skip-session-tagging transitive-tag-keys inline-session-policy "
        "managed-session-policies output-credentials output-env-credentials "
        "unset-current-credentials disable-retry retry-max-attempts special-characters-workaround "
        "use-existing-credentials allowed-account-ids force-skip-oidc action-timeout-s "
        "custom-tags sts-endpoint",
        "aws-region",
        "aws-account-id aws-access-key-id aws-secret-access-key aws-session-token aws-expiration",
    ),
    "hashicorp/setup-terraform": _interface(
        "cli_config_credentials_hostname cli_config_credentials_token terraform_version "
        "terraform_wrapper",
        outputs="",
    ),
}


def misused(step: Step) -> Iterator[Finding]:
    """Findings about the inputs that a step gives to one of the known actions."""
    known = KNOWN.get(step.action)
    if known is None or step.uses is None or step.uses.text.split("@")[0].count("/") != 1:
        return
    given = {key.text.lower(): key for key, _ in step.inputs.entries}
    for name, key in given.items():
        if name in known.inputs:
            continue
        if close := difflib.get_close_matches(name, known.inputs, 1, cutoff=0.75):
            message = f"{step.action} has no input {key.text!r}"
            yield error("action-input", key, message, hint=f"did you mean {close[0]!r}?")
    for name in known.required:
        if name not in given:
            message = f"{step.action} requires input {name!r}"
            yield error("action-input", step.uses, message)
