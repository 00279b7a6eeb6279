"""What runs: one version of one function, as it was deployed, and what came of running it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Package:
    """A zip file by the digest of its bytes."""

    sha256: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Deployed:
    """One version of one function.

    `revision` changes with every update of code or configuration, so that a worker that was
    started before the update never serves an invocation after it. `reserved` is the function's
    reserved concurrency, `json_logs` its log format.
    """

    account: str
    region: str
    name: str
    version: str
    revision: str
    handler: str
    runtime: str
    memory_mb: int
    timeout_s: int
    role: str
    package: Package
    layers: tuple[Package, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    log_group: str = ""
    json_logs: bool = False
    reserved: int | None = None

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        return (self.account, self.region, self.name, self.version, self.revision)

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation: what to run, as which qualifier it was asked for, and with what.

    `alias` is set when the caller named an alias, whatever version its weights then chose.
    """

    deployed: Deployed
    payload: bytes
    qualifier: str | None = None
    alias: str | None = None
    trace: str = ""
    client_context: str = ""

    @property
    def arn(self) -> str:
        return f"{self.deployed.arn}:{self.qualifier}" if self.qualifier else self.deployed.arn


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an invocation; `error` is `Unhandled` when the function failed."""

    request_id: str
    payload: bytes
    error: str | None = None
    duration_ms: float = 0.0
    init_ms: float | None = None
    log_tail: str = ""
    version: str = ""


class ThrottledError(Exception):
    """The function's reserved concurrency is used up."""
