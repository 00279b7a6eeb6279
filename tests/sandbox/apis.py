"""Deployed REST APIs for tests, made as generated Terraform makes them: from a document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sandbox.control import Sandbox
from tests.sandbox.support import session

REGION = "eu-west-1"
ACCOUNT = "536580886816"


@dataclass(frozen=True, slots=True)
class Api:
    """A deployed API."""

    id: str
    stage: str = "dev"

    @property
    def url(self) -> str:
        """What Terraform's `invoke_url` says."""
        return f"https://{self.id}.execute-api.{REGION}.amazonaws.com/{self.stage}"


def function_uri(name: str, qualifier: str = "live") -> str:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:{qualifier}"
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"


def proxy(name: str, qualifier: str = "live") -> dict[str, Any]:
    """An integration with a function."""
    return {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": function_uri(name, qualifier),
        "passthroughBehavior": "when_no_match",
        "timeoutInMillis": 29000,
    }


def operation(integration: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "responses": {"200": {"description": "ok"}},
        "x-amazon-apigateway-integration": integration,
        **more,
    }


def document(paths: dict[str, Any], schemes: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "openapi": "3.0.1",
        "info": {"title": "test", "description": "test", "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": schemes or {}},
    }


def deploy_api(sandbox: Sandbox, content: dict[str, Any], stage: str = "dev") -> Api:
    """A new API with one deployment and one stage."""
    client = session(sandbox).client("apigateway")
    api = client.create_rest_api(name="test")["id"]
    client.put_rest_api(restApiId=api, mode="overwrite", body=json.dumps(content).encode())
    deployment = client.create_deployment(restApiId=api)["id"]
    client.create_stage(restApiId=api, stageName=stage, deploymentId=deployment)
    return Api(api, stage)


def permit(lambdas: Any, name: str, api: Api, qualifier: str | None = "live") -> None:
    """Let the API call the function or alias."""
    more = {"Qualifier": qualifier} if qualifier else {}
    lambdas.client.add_permission(
        FunctionName=name,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/*",
        **more,
    )
