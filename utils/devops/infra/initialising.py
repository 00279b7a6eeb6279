"""`init` (always reconfigured, never migrated), `validate` and `format`."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import UnavailableError
from common.masking import mask
from infra.answers import Diagnostic, diagnostic_of, is_expected, parse_json
from infra.backend import Backend, verify
from infra.terraform import Terraform, terraform_for

if TYPE_CHECKING:
    from common.process import Completed
    from infra.folder import Folder
    from infra.site import Site

_DOWNLOADS = 900
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CHECKS = "check"
"""Name of the working folder for validation, which needs no environment."""


@contextmanager
def _alone(terraform: Terraform) -> Iterator[None]:
    """One init at a time: Terraform's shared plugin cache cannot take two."""
    cache = Path(terraform.environment["TF_PLUGIN_CACHE_DIR"])
    try:
        handle = os.open(cache / ".bbws-lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        # A cache that is read-only or absent is not ours to lock.
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def initialise(site: Site, *, upgrade: bool = False) -> Backend:
    """Set the environment's working folder up and verify what Terraform made of it.

    Raises:
        RefusedError: Terraform ended up with another state than the environment's.
        UnavailableError: The backend or a provider could not be reached.
    """
    # A half-made or foreign working folder must not survive a failed init.
    (site.folder.data / "terraform.tfstate").unlink(missing_ok=True)
    words = ["init", "-reconfigure", "-input=false", "-no-color", *site.backend.words()]
    if upgrade:
        words.append("-upgrade")
    with _alone(site.terraform):
        answer = site.terraform.call(*words, timeout=_DOWNLOADS)
    if not answer.ok:
        raise _init_failure(site, answer)
    return verify(site.folder, site.backend)


def _init_failure(site: Site, answer: Completed) -> UnavailableError:
    text = error_text(answer)
    if "NoSuchBucket" in text or "bucket does not exist" in text:
        return UnavailableError(
            f"there is no state bucket {site.backend.bucket!r}",
            hint=f"terraform_cli.py bootstrap --env {site.environment.name}",
        )
    return UnavailableError(f"terraform init: {text}")


def error_text(answer: Completed) -> str:
    """What Terraform complained about, without its frames."""
    return plain(answer.stderr or answer.stdout)


def plain(text: str) -> str:
    """Terraform's text for people as one line without frames, from its first error on."""
    lines = [line.strip("╷│╵ \t") for line in _COLOUR.sub("", mask(text)).splitlines()]
    kept = [line for line in lines if line]
    starts = [number for number, line in enumerate(kept) if line.startswith("Error:")]
    return " ".join(kept[starts[0] :] if starts else kept[-5:])[:1500]


@dataclass(frozen=True, slots=True)
class Validation:
    """What `terraform validate` found."""

    diagnostics: tuple[Diagnostic, ...]

    @property
    def valid(self) -> bool:
        return not any(entry.severity == "error" for entry in self.diagnostics)


def validate(folder: Folder) -> Validation:
    """Check a configuration without any backend or account.

    Raises:
        UnavailableError: Terraform is missing, or providers cannot be installed.
    """
    terraform = terraform_for(folder.path, folder.data)
    folder.prepare()
    with _alone(terraform):
        words = ("init", "-backend=false", "-input=false", "-no-color")
        answer = terraform.call(*words, timeout=_DOWNLOADS)
    if not answer.ok and (problem := _syntax_problem(answer)):
        return Validation((problem,))
    if not answer.ok:
        raise UnavailableError(f"terraform init: {error_text(answer)}")
    checked = terraform.call("validate", "-json")
    document = parse_json(checked.stdout, "terraform validate")
    found = [diagnostic_of(raw) for raw in document.get("diagnostics") or ()]
    return Validation(tuple(entry for entry in found if not is_expected(entry)))


def _syntax_problem(answer: Completed) -> Diagnostic | None:
    """An init that fails over the configuration itself is a finding, not a missing thing."""
    text = error_text(answer)
    if " line " not in text and "configuration" not in text.lower():
        return None
    return Diagnostic("error", text.removeprefix("Error: "))


def format_files(path: Path, *, check: bool) -> list[str]:
    """Rewrite the files that are not in canonical format (or only name them); those files.

    Raises:
        UnavailableError: A file cannot be read as Terraform.
    """
    terraform = terraform_for(path, path / ".terraform" / CHECKS)
    words = ["fmt", "-recursive", "-list=true", *(["-check"] if check else [])]
    answer = terraform.call(*words, timeout=60)
    if answer.code not in ({0, 3} if check else {0}):
        raise UnavailableError(f"terraform fmt: {error_text(answer)}")
    return answer.stdout.split("\n")[:-1] if answer.stdout else []
