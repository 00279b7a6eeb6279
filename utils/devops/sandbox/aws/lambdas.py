"""Lambda with AWS's rules: strict aliases, no version published twice, real invocations."""

from __future__ import annotations

import base64
import copy
import json
import random
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from moto.awslambda.models import EventInvokeConfig, EventSourceMapping, LambdaAlias, LambdaBackend
from moto.core.exceptions import JsonRESTError
from moto.s3.models import s3_backends

from sandbox.aws import alias_rules
from sandbox.aws.alias_rules import LATEST, AliasFacts, RefusalError
from sandbox.aws.failures import send_failure
from sandbox.aws.functions import SandboxFunction
from sandbox.runtime.deployed import Answer, Call, Package, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.services import Services
    from sandbox.runtime.asynchronous import Outcome

_STATUS = {
    "ResourceNotFoundException": 404,
    "ResourceConflictException": 409,
    "PreconditionFailedException": 412,
    "TooManyRequestsException": 429,
}
_DEFAULT_RETRIES = 2
_chance = random.SystemRandom()


class AwsError(JsonRESTError):
    """A refusal as the AWS API returns it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.code = _STATUS.get(kind, 400)


@dataclass(frozen=True, slots=True)
class Target:
    """Which version a name and qualifier lead to, and through which alias."""

    function: SandboxFunction
    qualifier: str | None
    alias: str | None


class SandboxLambdaBackend(LambdaBackend):
    """One account's Lambda in one region."""

    @property
    def _url_module(self) -> Any:
        import moto.awslambda.urls as urls

        return urls

    services: ClassVar[Services]

    # --- functions and versions -----------------------------------------------------------------

    def get_function(
        self, function_name_or_arn: str, qualifier: str | None = None
    ) -> SandboxFunction:
        """The version a name leads to; one asked for by alias remembers it, for a later call."""
        found = cast("SandboxFunction", super().get_function(function_name_or_arn, qualifier))
        stated = function_name_or_arn.split(":function:")[-1].partition(":")[2] or qualifier
        if stated in (None, LATEST, str(found.version)):
            return found
        copied = copy.copy(found)
        copied.asked = stated
        return copied

    def create_function(self, spec: dict[str, Any]) -> SandboxFunction:
        if not spec.get("FunctionName"):
            raise AwsError("InvalidParameterValueException", "Missing FunctionName")
        self._pin_object_version(spec.get("Code", {}))
        function = SandboxFunction(self.account_id, spec, self.region_name, LATEST)
        self._lambdas.put_function(function)
        self._prepare(function)
        if not spec.get("Publish"):
            return function
        published = copy.copy(function)
        published.version = self.publish_version(function.function_name).version
        return published

    def update_function_code(
        self,
        function_name: str,
        qualifier: str | None,  # noqa: ARG002 - only `$LATEST` can be changed
        body: dict[str, Any],
    ) -> dict[str, Any]:
        function = self._changeable(function_name, body.get("RevisionId"))
        self._pin_object_version(body)
        answer = function.update_function_code(body)
        self._retire(function)
        self._prepare(function)
        if body.get("Publish") and not body.get("DryRun"):
            answer = self._publish(function, "").get_configuration()
        return answer

    def update_function_configuration(
        self,
        function_name: str,
        qualifier: str | None,  # noqa: ARG002 - only `$LATEST` can be changed
        body: dict[str, Any],
    ) -> dict[str, Any]:
        function = self._changeable(function_name, body.get("RevisionId"))
        answer = function.update_configuration(body)
        self._retire(function)
        return answer

    def publish_version(
        self,
        function_name: str,
        description: str = "",
        code_sha256: str | None = None,
        revision_id: str | None = None,
    ) -> SandboxFunction:
        function = self._latest(function_name)
        if function.busy and not function.pending:
            raise _in_progress(function)
        _enforce(alias_rules.check_code, code_sha256, function.code_sha_256)
        _enforce(alias_rules.check_revision, revision_id, function.revision_id)
        return self._publish(function, description)

    def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
        function, stated = self._named(function_name)
        qualifier = stated or qualifier
        if qualifier and qualifier != LATEST:
            _enforce(alias_rules.check_unreferenced, qualifier, self._aliases_of(function))
        super().delete_function(function_name, qualifier)
        self._retire(function)

    # --- aliases --------------------------------------------------------------------------------

    def create_alias(
        self,
        name: str,
        function_name: str,
        function_version: str,
        description: str,
        routing_config: Any,
    ) -> LambdaAlias:
        function, _ = self._named(function_name)
        weights = alias_rules.weights_of(routing_config)
        self._check(function, AliasFacts(function_version, weights))
        routing = {"AdditionalVersionWeights": weights} if weights else None
        return super().create_alias(
            name, function.function_name, function_version, description, cast("str", routing)
        )

    def update_alias(
        self,
        name: str,
        function_name: str,
        function_version: str | None,
        description: str | None,
        routing_config: Any,
        revision_id: str | None = None,
    ) -> LambdaAlias:
        function, _ = self._named(function_name)
        alias = self.get_alias(name, function.function_name)
        _enforce(alias_rules.check_revision, revision_id, alias.revision_id)
        given = routing_config if routing_config is not None else alias.routing_config
        weights = alias_rules.weights_of(cast("Mapping[str, Any] | None", given))
        self._check(function, AliasFacts(function_version or alias.function_version, weights))
        alias.update(description, function_version, None)
        alias.routing_config = cast(
            "str", {"AdditionalVersionWeights": weights} if weights else None
        )
        alias.revision_id = str(uuid.uuid4())
        return alias

    # --- invocations ----------------------------------------------------------------------------

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

    # --- inside ---------------------------------------------------------------------------------

    def _named(self, name_or_arn: str) -> tuple[SandboxFunction, str | None]:
        """`$LATEST` of the function, and the qualifier that is part of the name or ARN."""
        tail = name_or_arn.split(":function:")[-1]
        name, _, qualifier = tail.partition(":")
        return self._latest(name), qualifier or None

    def _latest(self, name: str) -> SandboxFunction:
        return self.get_function(name.split(":function:")[-1].split(":")[0])

    def _version(self, function: SandboxFunction, version: str) -> SandboxFunction:
        return self.get_function(function.function_name, version)

    def _published(self, function: SandboxFunction) -> list[SandboxFunction]:
        kept: list[SandboxFunction] = self._lambdas._functions[function.function_name]["versions"]
        return kept

    def _aliases_of(self, function: SandboxFunction) -> dict[str, AliasFacts]:
        return {
            alias.name: AliasFacts(
                alias.function_version,
                alias_rules.weights_of(cast("Mapping[str, Any] | None", alias.routing_config)),
            )
            for alias in self.list_aliases(function.function_name)
        }

    def _check(self, function: SandboxFunction, alias: AliasFacts) -> None:
        versions = {str(one.version): one.facts for one in self._published(function)}
        versions[LATEST] = function.facts
        _enforce(alias_rules.check_alias, alias, versions, function.plain_arn)

    def _changeable(self, function_name: str, revision_id: str | None) -> SandboxFunction:
        function, _ = self._named(function_name)
        if function.busy:
            raise _in_progress(function)
        _enforce(alias_rules.check_revision, revision_id, function.revision_id)
        return function

    def _publish(self, function: SandboxFunction, description: str) -> SandboxFunction:
        """A new version, or the last one when nothing has changed since."""
        published = self._published(function)
        if published and published[-1].fingerprint() == function.fingerprint():
            return published[-1]
        fresh = copy.copy(function)
        fresh.set_version(function.next_version)
        fresh.revision_id = str(uuid.uuid4())
        fresh.busy_until = 0.0
        if description:
            fresh.description = description
        function.next_version += 1
        published.append(fresh)
        self._lambdas._arns[fresh.function_arn] = fresh
        return fresh

    def _pin_object_version(self, code: dict[str, Any]) -> None:
        """Read a stated version of the S3 object; moto would read the newest."""
        if not code.get("S3ObjectVersion") or "S3Bucket" not in code:
            return
        bucket, key, version = code["S3Bucket"], code["S3Key"], code["S3ObjectVersion"]
        found = s3_backends[self.account_id][self.partition].get_object(bucket, key, version)
        if found is None:
            raise AwsError(
                "InvalidParameterValueException",
                "Error occurred while GetObject. S3 Error Code: NoSuchVersion. S3 Error Message: "
                "The specified version does not exist.",
            )
        code["ZipFile"] = base64.b64encode(found.value).decode()

    def _layers_of(self, function: SandboxFunction) -> tuple[Package, ...]:
        return tuple(
            Package(found.code_sha_256, found.code_bytes)
            for layer in function.layers
            if (found := self.layers_versions_by_arn(layer["Arn"]))
        )

    def _prepare(self, function: SandboxFunction) -> None:
        if function.package_type == "Zip":
            self.services.execution.prepare(function.deployed(self._layers_of(function), None))

    def _retire(self, function: SandboxFunction) -> None:
        pool = self.services.execution.pool
        pool.retire(self.account_id, self.region_name, function.function_name)

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


def _in_progress(function: SandboxFunction) -> AwsError:
    return AwsError(
        "ResourceConflictException",
        "The operation cannot be performed at this time. An update is in progress for resource: "
        + function.plain_arn,
    )


def _enforce(check: Any, *facts: Any) -> None:
    try:
        check(*facts)
    except RefusalError as refusal:
        raise AwsError(refusal.kind, refusal.message) from refusal
