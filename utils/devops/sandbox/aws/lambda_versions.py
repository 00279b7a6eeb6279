"""Functions, versions and aliases with AWS's rules, which moto does not enforce.

Aliases lead to published versions only, a revision id is an optimistic lock, an update takes time,
and nothing is published twice.
"""

from __future__ import annotations

import base64
import copy
import uuid
from typing import TYPE_CHECKING, Any, ClassVar, cast

from moto.awslambda.models import LambdaAlias, LambdaBackend
from moto.core.exceptions import JsonRESTError
from moto.s3.models import s3_backends

from sandbox.aws import alias_rules
from sandbox.aws.alias_rules import LATEST, AliasFacts, RefusalError
from sandbox.aws.functions import SandboxFunction
from sandbox.runtime.deployed import Package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.services import Services

_STATUS = {
    "ResourceNotFoundException": 404,
    "ResourceConflictException": 409,
    "PreconditionFailedException": 412,
    "TooManyRequestsException": 429,
}


class AwsError(JsonRESTError):
    """A refusal as the AWS API returns it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.code = _STATUS.get(kind, 400)


class VersionedBackend(LambdaBackend):
    """What one account has deployed in one region."""

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

    # --- inside -----------------------------------------------------------------------------------

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
