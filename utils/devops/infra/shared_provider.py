"""One process of the AWS provider for making a plan and for reading it back.

Terraform starts a provider anew for each thing it asks of it, and asks its whole schema each time:
more work than many a plan. Here the provider is started once, and Terraform is told where it
listens (`TF_REATTACH_PROVIDERS`, https://developer.hashicorp.com/terraform/plugin/debugging).

Terraform trusts such a process blindly, so what it would have checked is checked here: the package
is the one in the lock file, by version and hash. One process holds one configuration of a provider,
so a configuration with aliases is not planned this way. An apply never is.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from common.errors import UnavailableError
from common.state import cache_folder
from infra import provider_keeper
from infra.folder import write_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infra.folder import Folder
    from infra.terraform import Terraform

PROVIDER = "registry.terraform.io/hashicorp/aws"
VARIABLE = "TF_REATTACH_PROVIDERS"
_START_S = 10.0
_END_S = 5.0
_LOCKED = re.compile(
    rf'^provider "{re.escape(PROVIDER)}" \{{\n(?P<body>.*?)^\}}', re.MULTILINE | re.DOTALL
)
_VERSION = re.compile(r'^\s*version\s*=\s*"([^"]+)"', re.MULTILINE)
_HASH = re.compile(r'"(h1:[^"]+)"')
_ALIAS = re.compile(r'(?:^|[{,])\s*"?alias"?\s*[=:]', re.MULTILINE)
_SAID = re.compile(rf"{VARIABLE}='(\{{.*\}})'")


@dataclass(frozen=True, slots=True)
class Shared:
    """A terraform that uses the provider which runs already; `gone` is set when that has ended."""

    terraform: Terraform
    gone: threading.Event


@contextmanager
def shared_provider(terraform: Terraform, folder: Folder) -> Iterator[Shared | None]:
    """The provider of this configuration, running for as long as the block; None if it cannot be.

    It answers under the identity in `terraform`'s environment, and ends with us, whatever ends us.
    """
    binary = None if _has_own_way(terraform) or _has_aliases(folder) else locked_provider(folder)
    if binary is None:
        yield None
        return
    try:
        keeper = _start(terraform, binary)
    except OSError:
        yield None
        return
    said: SimpleQueue[str | None] = SimpleQueue()
    gone = threading.Event()
    listener = threading.Thread(target=_listen, args=(keeper, said, gone), daemon=True)
    listener.start()
    try:
        where = _where(said)
        if where is None:
            yield None
        else:
            environment = {**terraform.environment, VARIABLE: where}
            yield Shared(replace(terraform, environment=environment), gone)
    finally:
        _end(keeper)
        listener.join(_END_S)


def is_served(shown: Mapping[str, Any]) -> bool:
    """Whether a shown plan has only the one configuration that a shared provider can serve."""
    configured = (shown.get("configuration") or {}).get("provider_config") or {}
    return [entry.get("full_name") for entry in configured.values()].count(PROVIDER) == 1


def _has_own_way(terraform: Terraform) -> bool:
    """Whether somebody told Terraform already which provider to take."""
    if VARIABLE in terraform.environment:
        return True
    named = terraform.environment.get("TF_CLI_CONFIG_FILE")
    config = Path(named) if named else Path.home() / ".terraformrc"
    try:
        return "dev_overrides" in config.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _has_aliases(folder: Folder) -> bool:
    """Whether the configuration or a module of it seems to configure a provider twice."""
    for path in folder.path.rglob("*.tf*"):
        if path.name.endswith((".tf", ".tf.json")) and path.is_file():
            with suppress(OSError):
                if _ALIAS.search(path.read_text(encoding="utf-8", errors="replace")):
                    return True
    return False


def locked_provider(folder: Folder) -> Path | None:
    """The provider's program, when its package is what the lock file says; else None."""
    try:
        locked = _LOCKED.search(folder.provider_lock.read_text(encoding="utf-8"))
        version = _VERSION.search(locked["body"]) if locked else None
        if locked is None or version is None:
            return None
        versions = folder.data / "providers" / PROVIDER / version[1]
        packages = [path for path in versions.iterdir() if path.is_dir()]
        if len(packages) != 1 or _known_hash(packages[0]) not in _HASH.findall(locked["body"]):
            return None
        return next(packages[0].glob("terraform-provider-aws*"), None)
    except OSError:
        return None


def _known_hash(package: Path) -> str:
    """`package_hash`, remembered for as long as no file of the package was touched.

    A change of a file changes its time of change, which only the system sets.
    """
    facts = _fingerprint(package)
    place = cache_folder() / "provider-hashes" / hashlib.sha256(facts.encode()).hexdigest()
    with suppress(OSError):
        return place.read_text(encoding="utf-8")
    found = package_hash(package)
    if _fingerprint(package) == facts:
        with suppress(OSError, UnavailableError):
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(place, found.encode())
    return found


def _fingerprint(package: Path) -> str:
    real = package.resolve()
    stats = ((path, path.stat()) for path in sorted(real.rglob("*")))
    return "\n".join(
        f"{path} {stat.st_dev} {stat.st_ino} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}"
        for path, stat in stats
    )


def package_hash(package: Path) -> str:
    """The hash of an unpacked provider package as Terraform's lock file has it (scheme `h1`).

    It is the one of Go's `golang.org/x/mod/sumdb/dirhash`.
    """
    names = sorted(p.relative_to(package).as_posix() for p in package.rglob("*") if p.is_file())
    whole = hashlib.sha256()
    for name in names:
        with (package / name).open("rb") as file:
            whole.update(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n".encode())
    return f"h1:{base64.b64encode(whole.digest()).decode()}"


def _start(terraform: Terraform, binary: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", provider_keeper.__file__, str(binary.resolve())],
        cwd=terraform.path,
        env=dict(terraform.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def _listen(
    keeper: subprocess.Popen[str], said: SimpleQueue[str | None], gone: threading.Event
) -> None:
    """Hear where the provider listens; take whatever else it prints, so that it never waits."""
    with keeper.stdout or io.StringIO() as lines:
        for line in lines:
            if found := _SAID.search(line):
                said.put(found[1])
    gone.set()
    said.put(None)


def _where(said: SimpleQueue[str | None]) -> str | None:
    """How Terraform is told where the provider listens; None if it says nothing usable in time."""
    try:
        where = said.get(timeout=_START_S)
        return where if where and list(json.loads(where)) == [PROVIDER] else None
    except (Empty, ValueError):
        return None


def _end(keeper: subprocess.Popen[str]) -> None:
    with suppress(OSError):
        if keeper.stdin:
            keeper.stdin.close()
    try:
        keeper.wait(timeout=_END_S)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(keeper.pid, signal.SIGKILL)
        keeper.wait()
