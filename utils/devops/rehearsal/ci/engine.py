"""act's command line and environment: containers where an engine answers, else the host.

Whatever act finds in its own environment, on the host it hands to every step, cloud credentials
included. It is therefore started with an environment made anew and an empty home, away from the
repository's `.actrc`, and with files of our own for `.env`, `.secrets`, `.vars` and `.input`.
"""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from common.errors import UnavailableError, UsageProblemError
from common.state import cache_folder
from pipelines.simulation.act import INSTALL, has_containers
from pipelines.simulation.fidelity import Extent
from pipelines.validation.engines import tool

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_IMAGES = {
    "ubuntu-latest": "catthehacker/ubuntu:act-24.04",
    "ubuntu-24.04": "catthehacker/ubuntu:act-24.04",
    "ubuntu-22.04": "catthehacker/ubuntu:act-22.04",
}
_HOSTS = {"linux": "ubuntu", "darwin": "macos", "win32": "windows"}
_KEPT = ("PATH", "LANG", "LC_ALL", "TERM", "TZ", "USER", "LOGNAME", "SHELL")
_NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_FILES = ("env", "secret", "var", "input")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says about a local run."""

    workflow: Path
    event: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    job: str | None = None
    engine: str = "auto"
    """`auto`, `containers` or `host`."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables for every step."""
    actions: Mapping[str, Path] = field(default_factory=dict)
    """`owner/name@ref` → a folder to use in its place."""
    images: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Start:
    """What to start: the words, their environment and folder, and where steps will run."""

    words: tuple[str, ...]
    env: Mapping[str, str]
    home: Path
    extent: Extent


def choose(engine: str) -> Extent:
    """Where the steps will run.

    Raises:
        UnavailableError: Containers were asked for and no engine answers.
    """
    if engine == "host":
        return Extent.HOST
    if has_containers():
        return Extent.CONTAINERS
    if engine == "containers":
        raise UnavailableError(
            "no container engine answers", hint="start Docker or Podman, or use --engine host"
        )
    return Extent.HOST


def start(asked: Asked, root: Path, labels: Sequence[str], home: Path, artifacts: Path) -> Start:
    """Write the command line; makes the files it needs in `home`, which is this run's own.

    Raises:
        UnavailableError: act is not installed, or no container engine answers.
    """
    act = tool("act")
    if act is None:
        raise UnavailableError("act is not installed", hint=INSTALL)
    extent = choose(asked.engine)
    words = [act, asked.event, "-C", str(root), "-W", str(asked.workflow.resolve()), "--json"]
    words += ["--rm", "--action-cache-path", str(_made(cache_folder() / "act"))]
    words += ["--no-cache-server", "--artifact-server-path", str(_made(artifacts))]
    words += ["--artifact-server-addr", "127.0.0.1", "--artifact-server-port", str(_free_port())]
    words += ["--container-daemon-socket", "-"]
    words += ["-j", asked.job] if asked.job else []
    for label in labels:
        place = asked.images.get(label) or _place(label, extent)
        words += ["-P", f"{label}={place}"] if place else []
    for name, value in asked.inputs.items():
        words += ["--input", f"{name}={value}"]
    for action, folder in asked.actions.items():
        words += ["--local-repository", f"{action}={folder.resolve()}"]
    for kind in _FILES:
        (home / kind).touch(mode=0o600)
        words += [f"--{kind}-file", str(home / kind)]
    lines = [f"{name}={_quoted(value)}\n" for name, value in asked.variables.items()]
    (home / "env").write_text("".join(lines), encoding="utf-8")
    return Start(tuple(words), clean_environment(home), home, extent)


def clean_environment(home: Path) -> dict[str, str]:
    """What steps may see of this machine: its tools and its way to the network, nobody's keys."""
    kept = {name: os.environ[name] for name in (*_KEPT, *_AUTHORITIES) if name in os.environ}
    proxies = {name: os.environ[name] for name in _NETWORK if name in os.environ}
    kept |= {name: url for name, url in proxies.items() if "@" not in urlsplit(url).netloc}
    return {**kept, "HOME": str(home)}


def pairs(words: Sequence[str], option: str) -> dict[str, str]:
    """`NAME=VALUE` words as a mapping.

    Raises:
        UsageProblemError: One has no `=`.
    """
    for word in words:
        if "=" not in word:
            raise UsageProblemError(f"{option} {word!r} is not NAME=VALUE")
    return dict(word.split("=", 1) for word in words)


def own_values(words: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` or `NAME` words as variables; a bare name takes this process's value.

    Raises:
        UsageProblemError: This process has no such variable.
    """
    found = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator and name not in os.environ:
            raise UsageProblemError(f"--variable {name}: there is no such variable here")
        found[name] = value if separator else os.environ[name]
    return found


def _quoted(value: str) -> str:
    """A value as act's environment file takes it."""
    if "'" not in value:
        return f"'{value}'"
    for sign, written in (("\\", "\\\\"), ('"', '\\"'), ("$", "\\$"), ("\n", "\\n")):
        value = value.replace(sign, written)
    return f'"{value}"'


def _place(label: str, extent: Extent) -> str | None:
    """The image for a runner, or the host where it is of the same kind; None: not here."""
    if extent is Extent.CONTAINERS:
        return _IMAGES.get(label)
    own = _HOSTS.get(sys.platform, "ubuntu")
    return "-self-hosted" if label.startswith(own) or label == "self-hosted" else None


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
