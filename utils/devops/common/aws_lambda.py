"""Lambda: code, published versions, and the alias that traffic goes through."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.aws_call import AwsError, Caller
from common.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boto3 import Session

_PATIENCE = 120
_BUSY = "ResourceConflictException"


@dataclass(frozen=True, slots=True)
class Configuration:
    """A function version: code digest, state, and what two versions of an alias must share."""

    name: str
    version: str
    code_sha256: str
    revision: str
    role: str
    dead_letters: str
    state: str
    update: str
    details: tuple[tuple[str, str], ...]
    description: str = ""
    package: str = "Zip"

    @property
    def is_ready(self) -> bool:
        return self.state in ("Active", "") and self.update in ("Successful", "")


@dataclass(frozen=True, slots=True)
class Alias:
    """Where an alias points: a version, and at most one other with a weight (0 to 1)."""

    function: str
    name: str
    version: str
    weights: tuple[tuple[str, float], ...]
    revision: str


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a synchronous invocation answered."""

    version: str
    error: str
    payload: bytes
    milliseconds: float


class AliasMovedError(AwsError):
    """The alias is not what it was when it was read: somebody else changes it too."""


class Functions:
    """The functions of one account and region."""

    def __init__(self, session: Session, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._call = Caller(session, "lambda", sleep=sleep)
        self._sleep = sleep

    def configuration(self, name: str, version: str = "$LATEST") -> Configuration | None:
        """The configuration of one version, or None where there is none."""
        try:
            answer = self._call("get_function_configuration", FunctionName=name, Qualifier=version)
        except AwsError as error:
            if error.is_missing:
                return None
            raise
        return _configuration(answer)

    def versions(self, name: str) -> list[Configuration]:
        """All published versions, oldest first."""
        rows = self._call.pages("list_versions_by_function", "Versions", FunctionName=name)
        return [_configuration(row) for row in rows if row["Version"] != "$LATEST"]

    def settle(self, name: str) -> Configuration:
        """Wait until no update of the function is in progress, and return its configuration.

        Raises:
            UnavailableError: It failed, is missing, or does not end.
        """
        for attempt in range(_PATIENCE):
            found = self.configuration(name)
            if found is None:
                raise UnavailableError(f"there is no function {name!r}")
            if found.is_ready:
                return found
            if "Failed" in (found.state, found.update):
                raise UnavailableError(f"the last update of function {name!r} failed")
            self._sleep(min(2.0, 0.1 * 1.5**attempt))
        raise UnavailableError(f"an update of function {name!r} does not end")

    def put_code(self, name: str, bucket: str, key: str, sha256: str) -> Configuration:
        """Make the object the code of `$LATEST`; a no-op where it is already (idempotent)."""
        return self._put(name, sha256, S3Bucket=bucket, S3Key=key)

    def put_image(self, name: str, uri: str, sha256: str) -> Configuration:
        """Make the image of this digest the code of `$LATEST`; a no-op where it is (idempotent)."""
        return self._put(name, sha256, ImageUri=uri)

    def _put(self, name: str, sha256: str, **where: Any) -> Configuration:
        for _ in range(_PATIENCE):
            found = self.settle(name)
            if found.code_sha256 == sha256:
                return found
            try:
                self._call("update_function_code", FunctionName=name, Publish=False, **where)
            except AwsError as error:
                if error.reason != _BUSY:
                    raise
                self._sleep(1)
                continue
            after = self.settle(name)
            if after.code_sha256 != sha256:
                raise UnavailableError(
                    f"{name!r} runs {after.code_sha256} after its update, not {sha256}",
                    hint="somebody else changes its code, or the artifact was replaced",
                )
            return after
        raise UnavailableError(f"function {name!r} stays busy")

    def publish(self, name: str, sha256: str, description: str) -> Configuration:
        """Publish `$LATEST` if it is this code; if nothing changed, the same version comes back."""
        for _ in range(_PATIENCE):
            self.settle(name)
            try:
                answer = self._call(
                    "publish_version", FunctionName=name, CodeSha256=sha256, Description=description
                )
            except AwsError as error:
                if error.reason != _BUSY:
                    raise
                self._sleep(1)
                continue
            return _configuration(answer)
        raise UnavailableError(f"function {name!r} stays busy")

    def remove_version(self, name: str, version: str) -> None:
        """Delete a published version; AWS refuses while an alias names it."""
        self._call("delete_function", FunctionName=name, Qualifier=version)

    def aliases(self, name: str) -> list[Alias]:
        """All aliases of a function."""
        rows = self._call.pages("list_aliases", "Aliases", FunctionName=name)
        return [_alias(name, row) for row in rows]

    def alias(self, name: str, alias: str) -> Alias | None:
        """The alias as it is now, or None."""
        try:
            return _alias(name, self._call("get_alias", FunctionName=name, Name=alias))
        except AwsError as error:
            if error.is_missing:
                return None
            raise

    def create_alias(self, name: str, alias: str, version: str) -> Alias:
        """Make the alias; one that exists is returned as it is."""
        try:
            answer = self._call(
                "create_alias", FunctionName=name, Name=alias, FunctionVersion=version
            )
        except AwsError as error:
            found = self.alias(name, alias) if error.reason == _BUSY else None
            if found is None:
                raise
            return found
        return _alias(name, answer)

    def point(self, seen: Alias, version: str, weights: Mapping[str, float] | None = None) -> None:
        """Point an alias that still is as `seen` to a version and at most one weighted other.

        Raises:
            AliasMovedError: It was changed since.
        """
        routing = {"AdditionalVersionWeights": dict(weights or {})}
        try:
            self._call(
                "update_alias",
                FunctionName=seen.function,
                Name=seen.name,
                FunctionVersion=version,
                RoutingConfig=routing,
                RevisionId=seen.revision,
            )
        except AwsError as error:
            if error.reason == "PreconditionFailedException":
                raise AliasMovedError(error.message, reason=error.reason) from error
            raise

    def has_provisioned_concurrency(self, name: str, alias: str) -> bool:
        """Whether the alias keeps instances ready; AWS then moves weights of its own."""
        try:
            self._call("get_provisioned_concurrency_config", FunctionName=name, Qualifier=alias)
        except AwsError as error:
            if error.is_missing or error.reason == "ProvisionedConcurrencyConfigNotFoundException":
                return False
            raise
        return True

    def policy(self, name: str, qualifier: str) -> str:
        """Who may invoke this qualifier, as a policy document; empty when there is none."""
        try:
            answer = self._call("get_policy", FunctionName=name, Qualifier=qualifier)
        except AwsError as error:
            if error.is_missing:
                return ""
            raise
        return str(answer["Policy"])

    def event_sources(self, name: str) -> list[str]:
        """ARNs of what is polled for the function, alias or not."""
        rows = self._call.pages(
            "list_event_source_mappings", "EventSourceMappings", FunctionName=name
        )
        return [str(row.get("EventSourceArn", "")) for row in rows]

    def invoke(self, name: str, qualifier: str, payload: bytes) -> Invocation:
        """Invoke once and wait for the answer; never repeated when its outcome is unknown."""
        started = time.monotonic()
        answer = self._call(
            "invoke", repeatable=False, FunctionName=name, Qualifier=qualifier, Payload=payload
        )
        body = answer["Payload"].read()
        return Invocation(
            version=str(answer.get("ExecutedVersion", "")),
            error=str(answer.get("FunctionError", "")),
            payload=body if isinstance(body, bytes) else str(body).encode(),
            milliseconds=(time.monotonic() - started) * 1000,
        )


def _alias(function: str, answer: Any) -> Alias:
    weights = (answer.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return Alias(
        function=function,
        name=str(answer["Name"]),
        version=str(answer["FunctionVersion"]),
        weights=tuple(sorted((str(v), float(w)) for v, w in weights.items() if float(w) > 0)),
        revision=str(answer.get("RevisionId", "")),
    )


def _configuration(answer: Any) -> Configuration:
    return Configuration(
        name=str(answer["FunctionName"]),
        version=str(answer.get("Version", "$LATEST")),
        code_sha256=str(answer.get("CodeSha256", "")),
        revision=str(answer.get("RevisionId", "")),
        role=str(answer.get("Role", "")),
        dead_letters=str((answer.get("DeadLetterConfig") or {}).get("TargetArn", "")),
        state=str(answer.get("State", "")),
        update=str(answer.get("LastUpdateStatus", "")),
        details=_details(answer),
        description=str(answer.get("Description", "")),
        package=str(answer.get("PackageType") or "Zip"),
    )


def _details(answer: Any) -> tuple[tuple[str, str], ...]:
    """What is worth keeping of a configuration. Values of the environment are only digested."""
    import hashlib
    import json

    variables = (answer.get("Environment") or {}).get("Variables") or {}
    text = json.dumps(variables, sort_keys=True)
    return (
        ("handler", str(answer.get("Handler", ""))),
        ("runtime", str(answer.get("Runtime", ""))),
        ("memory_mb", str(answer.get("MemorySize", ""))),
        ("timeout_s", str(answer.get("Timeout", ""))),
        ("role", str(answer.get("Role", ""))),
        ("layers", ",".join(str(layer["Arn"]) for layer in answer.get("Layers") or [])),
        ("environment", ",".join(sorted(variables))),
        ("environment_sha256", hashlib.sha256(text.encode()).hexdigest()),
    )
