"""Lambda as the sandbox has it: what is deployed is really invoked, now or later."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.awslambda.models import EventInvokeConfig, EventSourceMapping

from sandbox.aws import alias_rules
from sandbox.aws.alias_rules import LATEST
from sandbox.aws.failures import send_failure
from sandbox.aws.lambda_versions import AwsError, VersionedBackend
from sandbox.runtime.deployed import Answer, Call, ThrottledError

if TYPE_CHECKING:
    from sandbox.aws.functions import SandboxFunction
    from sandbox.runtime.asynchronous import Outcome

_DEFAULT_RETRIES = 2
_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Target:
    """Which version a name and qualifier lead to, and through which alias."""

    function: SandboxFunction
    qualifier: str | None
    alias: str | None


class SandboxLambdaBackend(VersionedBackend):
    """One account's Lambda in one region."""

    @property
    def _url_module(self) -> Any:
        import moto.awslambda.urls as urls

        return urls

    def target(self, function_name: str, qualifier: str | None = None) -> Target:
        """The version that a call of this name and qualifier runs; weights are drawn each time."""
        function, stated = self._named(function_name)
        qualifier = stated or qualifier
        if qualifier is None or qualifier == LATEST:
            return Target(function, qualifier, None)
        aliases = self._aliases_of(function)
        if qualifier not in aliases:
            return Target(self._version(function, qualifier), qualifier, None)
        version = alias_rules.choose_version(aliases[qualifier], _chance.random())
        return Target(self._version(function, version), qualifier, qualifier)

    def call_of(self, target: Target, payload: bytes) -> Call:
        """The invocation of a target."""
        reserved = self._latest(target.function.function_name).reserved_concurrency
        deployed = target.function.deployed(
            self._layers_of(target.function), None if reserved is None else int(reserved)
        )
        return Call(deployed, payload, target.qualifier, target.alias)

    def run(self, function_name: str, qualifier: str | None, payload: bytes) -> Answer:
        """Invoke and wait.

        Raises:
            AwsError: The function does not exist, is not ready, or has no concurrency left.
        """
        target = self.target(function_name, qualifier)
        if target.function.pending:
            raise AwsError(
                "ResourceConflictException",
                "The operation cannot be performed at this time. The function is currently in the "
                "following state: Pending",
            )
        if target.function.package_type != "Zip":
            raise AwsError(
                "InvalidRuntimeException",
                "the sandbox runs zip packages; `local_runner.py docker` runs images",
            )
        try:
            return self.services.execution.invoke(self.call_of(target, payload))
        except ThrottledError as error:
            raise AwsError("TooManyRequestsException", "Rate Exceeded.") from error

    def run_later(self, function_name: str, qualifier: str | None, payload: bytes) -> None:
        """Invoke without waiting, with the retries and failure destination of the function."""
        call = self.call_of(self.target(function_name, qualifier), payload)
        settings = self._event_settings(call.deployed.name)
        retries = settings.get("MaximumRetryAttempts", _DEFAULT_RETRIES)
        self.services.asynchronous.submit(call, int(retries), self._finished)

    def invoke(
        self,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,  # noqa: ARG002 - moto's signature
        response_headers: Any,  # noqa: ARG002
    ) -> bytes:
        """Moto's own events (S3, EventBridge, Secrets Manager …) come this way; nobody waits."""
        self.run_later(function_name, qualifier, _as_bytes(body))
        return b"null"

    def put_function_event_invoke_config(
        self, function_name: str, config: dict[str, Any]
    ) -> dict[str, Any]:
        function, _ = self._named(function_name)
        settings = EventInvokeConfig(function.function_arn, function.last_modified, config)
        function.event_invoke_config[:] = [settings]
        return settings.response()

    def add_permission(self, function_name: str, qualifier: str | None, raw: str) -> dict[str, Any]:
        """The statement names the qualifier it was given for; moto would add it to a version's."""
        function, stated = self._named(function_name)
        qualifier = stated or qualifier
        if qualifier:
            self.get_function(function.function_name, qualifier)
        sid = json.loads(raw).get("StatementId")
        arn = f"{function.plain_arn}:{qualifier}" if qualifier else function.plain_arn
        if any(
            one.get("Sid") == sid and one["Resource"] == arn for one in function.policy.statements
        ):
            raise AwsError(
                "ResourceConflictException",
                f"The statement id ({sid}) provided already exists. Please provide a new statement "
                "id, or remove the existing statement.",
            )
        statement: dict[str, Any] = function.policy.add_statement(raw, qualifier)[0]
        return statement

    def create_event_source_mapping(self, spec: dict[str, Any]) -> EventSourceMapping:
        """Kept by moto, polled by the sandbox; moto would invoke inside the sender's call."""
        name = str(spec.get("FunctionName", ""))
        target = self.target(name)
        mapping = super().create_event_source_mapping(spec)
        plain = target.function.plain_arn
        mapping.function_arn = f"{plain}:{target.qualifier}" if target.qualifier else plain
        _stop_moto_from_pushing(mapping)
        return mapping

    def _event_settings(self, name: str) -> dict[str, Any]:
        settings = self._latest(name).event_invoke_config
        return dict(settings[0].config) if settings else {}

    def _finished(self, outcome: Outcome) -> None:
        if outcome.answer.error is None:
            return
        deployed = outcome.call.deployed
        settings = self._event_settings(deployed.name)
        destination = (settings.get("DestinationConfig") or {}).get("OnFailure") or {}
        dead_letters = self._latest(deployed.name).dead_letter_config or {}
        send_failure(outcome, destination.get("Destination"), dead_letters.get("TargetArn"))


def _stop_moto_from_pushing(mapping: EventSourceMapping) -> None:
    from moto.dynamodb.models import dynamodb_backends
    from moto.kinesis.models import kinesis_backends
    from moto.sqs.models import sqs_backends

    place = (mapping.account_id, mapping.region)
    holders: list[Any] = [
        *sqs_backends[place[0]][place[1]].queues.values(),
        *dynamodb_backends[place[0]][place[1]].tables.values(),
        *kinesis_backends[place[0]][place[1]].streams.values(),
    ]
    for holder in holders:
        holder.lambda_event_source_mappings.clear()


def _as_bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()
