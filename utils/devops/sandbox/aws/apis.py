"""API Gateway whose deployments keep what was deployed, and whose documents keep their security.

On AWS a stage serves the deployment it points to, whatever the API has become since; moto keeps
the number of a deployment only. The snapshots here are what `sandbox.front` serves.
"""

from __future__ import annotations

from typing import Any

from moto.apigateway.models import APIGatewayBackend, Authorizer, Deployment, Resource, RestAPI
from moto.apigateway.models import Integration as MotoIntegration
from moto.apigateway.models import Method as MotoMethod

from sandbox.front.routes import AuthorizerView, Integration, MockResponse, Route, Routes

_AUTH_TYPES = {"awsSigv4": "AWS_IAM", "cognito_user_pools": "COGNITO_USER_POOLS"}


class SandboxApiGatewayBackend(APIGatewayBackend):
    """One account's API Gateway in one region."""

    @property
    def _url_module(self) -> Any:
        import moto.apigateway.urls as urls

        return urls

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.deployed: dict[tuple[str, str], Routes] = {}

    def put_rest_api(
        self,
        function_id: str,
        api_doc: dict[str, Any],
        fail_on_warnings: bool,
        mode: str = "merge",
    ) -> RestAPI:
        api = super().put_rest_api(function_id, api_doc, fail_on_warnings, mode)
        _tidy_root(api)
        schemes = (api_doc.get("components") or {}).get("securitySchemes") or {}
        authorizers = {
            name: self._authorizer(api, name, scheme["x-amazon-apigateway-authorizer"])
            for name, scheme in schemes.items()
            if "x-amazon-apigateway-authorizer" in scheme
        }
        for resource in api.resources.values():
            for verb, method in resource.resource_methods.items():
                document = (api_doc.get("paths") or {}).get(resource.get_path()) or {}
                _secure(method, document.get(verb.lower()) or {}, schemes, authorizers)
        return api

    def put_integration(  # type: ignore[override] # more lenient about mocks
        self,
        function_id: str,
        resource_id: str,
        method_type: str,
        integration_type: str,
        uri: str = "",
        integration_method: str = "",
        **more: Any,
    ) -> MotoIntegration:
        """Documents write the type in small letters, and mocks have neither address nor method."""
        return super().put_integration(
            function_id,
            resource_id,
            method_type,
            integration_type.upper(),
            uri,
            integration_method,
            **more,
        )

    def create_deployment(
        self,
        function_id: str,
        name: str,
        description: str = "",
        stage_variables: Any = None,
    ) -> Deployment:
        deployment = super().create_deployment(function_id, name, description, stage_variables)
        self.deployed[(function_id, deployment.id)] = routes_of(self.get_rest_api(function_id))
        return deployment

    def routes(self, api_id: str, stage: str) -> Routes | None:
        """What a stage serves; None when there is no such API or stage."""
        api = self.apis.get(api_id)
        found = api.stages.get(stage) if api else None
        return self.deployed.get((api_id, str(found.deployment_id))) if found else None

    def _authorizer(self, api: RestAPI, name: str, given: dict[str, Any]) -> str:
        known = next((one for one in api.authorizers.values() if one.name == name), None)
        if known and known.id:
            del api.authorizers[known.id]
        identity = known.id if known and known.id else f"{api.id[:4]}{len(api.authorizers):02d}"
        api.create_authorizer(
            authorizer_id=identity,
            name=name,
            authorizer_type=str(given.get("type", "token")).upper(),
            provider_arns=given.get("providerARNs"),
            auth_type="custom",
            authorizer_uri=given.get("authorizerUri"),
            authorizer_credentials=given.get("authorizerCredentials"),
            identity_source=given.get("identitySource"),
            identiy_validation_expression=given.get("identityValidationExpression"),
            authorizer_result_ttl=given.get("authorizerResultTtlInSeconds"),
        )
        return identity


def _tidy_root(api: RestAPI) -> None:
    """A document that names `/` gives moto a second root; AWS has one."""
    for resource in list(api.resources.values()):
        if resource.parent_id and resource.path_part == "":
            api.default.resource_methods.update(resource.resource_methods)
            del api.resources[resource.id]
    api.root_resource_id = api.default.id


def _secure(
    method: MotoMethod,
    document: dict[str, Any],
    schemes: dict[str, Any],
    authorizers: dict[str, str],
) -> None:
    names = [name for alternative in document.get("security", []) for name in alternative]
    method.authorization_type = method.authorization_type or "NONE"
    for name in names:
        scheme = schemes.get(name, {})
        if name in authorizers:
            kind = str(scheme.get("x-amazon-apigateway-authtype", "custom"))
            method.authorization_type = _AUTH_TYPES.get(kind, "CUSTOM")
            method.authorizer_id = authorizers[name]
        elif scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
            method.authorization_type = "AWS_IAM"
        elif scheme.get("type") == "apiKey" and scheme.get("name", "").lower() == "x-api-key":
            method.api_key_required = True


def routes_of(api: RestAPI) -> Routes:
    """Everything the API serves now, as plain data."""
    return Routes(
        tuple(
            _route(api, resource, verb, method)
            for resource in api.resources.values()
            for verb, method in resource.resource_methods.items()
            if method.method_integration
        )
    )


def _route(api: RestAPI, resource: Resource, verb: str, method: MotoMethod) -> Route:
    given = method.method_integration
    assert given is not None, "routes_of leaves methods without integration out"
    authorizer = api.authorizers.get(method.authorizer_id or "")
    mocks = (given.integration_responses or {}).values()
    templates = given.request_templates or {}
    return Route(
        method=verb,
        path=resource.get_path(),
        integration=Integration(
            kind=given.integration_type,
            uri=given.uri or "",
            timeout_ms=int(given.timeout_in_millis or 29_000),
            request_template=str(templates.get("application/json") or "{}"),
            responses=tuple(
                MockResponse(
                    status=str(mock.status_code),
                    body=str((mock.response_templates or {}).get("application/json") or ""),
                    headers=tuple((mock.response_parameters or {}).items()),
                )
                for mock in mocks
            ),
        ),
        authorization=str(method.authorization_type or "NONE").upper(),
        authorizer=_view(authorizer) if authorizer else None,
        api_key_required=str(method.api_key_required).lower() == "true",
    )


def _view(authorizer: Authorizer) -> AuthorizerView:
    ttl = authorizer.authorizer_result_ttl
    return AuthorizerView(
        id=authorizer.id or "",
        kind=(authorizer.type or "TOKEN").upper(),
        uri=authorizer.authorizer_uri or "",
        identity_source=authorizer.identity_source or "method.request.header.Authorization",
        ttl_s=300 if ttl is None else int(ttl),
    )
