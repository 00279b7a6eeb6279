"""Lambda's HTTP interface where moto's differs from AWS's: revisions, status codes, invocations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from moto.awslambda.responses import LambdaResponse

if TYPE_CHECKING:
    from moto.core.common_types import TYPE_RESPONSE

    from sandbox.aws.lambdas import SandboxLambdaBackend

_LARGEST_ANSWER = 6 * 1024 * 1024


class SandboxLambdaResponse(LambdaResponse):
    """Answers the calls whose rules the sandbox enforces; moto answers the others."""

    @property
    def backend(self) -> SandboxLambdaBackend:
        return cast("SandboxLambdaBackend", super().backend)

    def get_alias(self) -> TYPE_RESPONSE:
        _, headers, body = super().get_alias()
        return 200, headers, body

    def update_alias(self) -> TYPE_RESPONSE:
        given = json.loads(self.body or "{}")
        parts = self.path.split("/")
        alias = self.backend.update_alias(
            name=unquote(parts[-1]),
            function_name=unquote(parts[-3]),
            function_version=given.get("FunctionVersion"),
            description=given.get("Description"),
            routing_config=given.get("RoutingConfig"),
            revision_id=given.get("RevisionId"),
        )
        return 200, {}, json.dumps(alias.to_json())

    def delete_alias(self) -> TYPE_RESPONSE:
        super().delete_alias()
        return 204, {"status": "204"}, ""

    def publish_version(self) -> TYPE_RESPONSE:
        given = json.loads(self.body or "{}")
        version = self.backend.publish_version(
            unquote(self.path.split("/")[-2]),
            given.get("Description") or "",
            given.get("CodeSha256"),
            given.get("RevisionId"),
        )
        return 201, {"status": "201"}, json.dumps(version.get_configuration())

    def invoke(self) -> TYPE_RESPONSE:
        name = unquote(self.path.rsplit("/", 2)[-2])
        qualifier: str | None = self.querystring.get("Qualifier", [None])[0]
        payload = self.raw_body if isinstance(self.raw_body, bytes) else self.raw_body.encode()
        kind = self.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "DryRun":
            self.backend.target(name, qualifier)
            return 204, {"status": "204"}, ""
        if kind == "Event":
            self.backend.run_later(name, qualifier, payload)
            return 202, {"status": "202"}, ""
        return self._waited_for(name, qualifier, payload)

    def _waited_for(self, name: str, qualifier: str | None, payload: bytes) -> TYPE_RESPONSE:
        answer = self.backend.run(name, qualifier, payload)
        headers: dict[str, Any] = {
            "x-amz-executed-version": answer.version,
            "x-amzn-requestid": answer.request_id,
            "content-type": "application/json",
        }
        body, error = answer.payload, answer.error
        if len(body) > _LARGEST_ANSWER:
            error = "Unhandled"
            body = json.dumps(
                {
                    "errorMessage": "Response payload size exceeded maximum allowed payload size",
                    "errorType": "Function.ResponseSizeTooLarge",
                }
            ).encode()
        if error:
            headers["x-amz-function-error"] = error
        if self.headers.get("X-Amz-Log-Type") == "Tail":
            headers["x-amz-log-result"] = answer.log_tail
        return 200, headers, body
