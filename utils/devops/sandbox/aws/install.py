"""Puts the sandbox's services in moto's place. Once in a process, before the first request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import moto.apigateway.models
import moto.apigateway.urls
import moto.awslambda.models
import moto.awslambda.urls
import moto.cloudwatch.models
import moto.cloudwatch.urls
import moto.core.common_models
import moto.dynamodb.models
import moto.dynamodb.models.table
import moto.events.models
import moto.s3.models
import moto.sns.models
import moto.sts.urls

from sandbox.aws.apis import SandboxApiGatewayBackend
from sandbox.aws.buckets import SandboxBucket
from sandbox.aws.functions import SandboxFunction
from sandbox.aws.lambda_api import SandboxLambdaResponse
from sandbox.aws.lambdas import SandboxLambdaBackend
from sandbox.aws.metric_api import SandboxCloudWatchResponse
from sandbox.aws.metrics import SandboxCloudWatchBackend
from sandbox.aws.pushes import SandboxRule, SandboxSubscription
from sandbox.aws.tables import SandboxDynamoDBBackend, copy_of
from sandbox.aws.web_identity import SandboxTokenResponse

if TYPE_CHECKING:
    from types import ModuleType

    from sandbox.aws.services import Services


def install(services: Services, endpoint: str, update_seconds: float) -> None:
    """Make moto create these backends, and route requests to these interfaces.

    Args:
        services: The runtime that invocations go to.
        endpoint: Where the sandbox answers; packages are downloaded from there.
        update_seconds: How long an update of a function is in progress.
    """
    # Images are looked up in the registry, as AWS does.
    os.environ["MOTO_LAMBDA_STUB_ECR"] = "false"
    SandboxLambdaBackend.services = services
    SandboxFunction.endpoint = endpoint
    SandboxFunction.update_seconds = update_seconds
    moto.awslambda.models.lambda_backends.backend = SandboxLambdaBackend
    moto.cloudwatch.models.cloudwatch_backends.backend = SandboxCloudWatchBackend
    moto.apigateway.models.apigateway_backends.backend = SandboxApiGatewayBackend
    moto.dynamodb.models.dynamodb_backends.backend = SandboxDynamoDBBackend
    vars(moto.dynamodb.models.table)["Table"].__deepcopy__ = copy_of
    vars(moto.core.common_models)["BaseModel"].__new__ = _untracked
    vars(moto.events.models)["Rule"] = SandboxRule
    vars(moto.s3.models)["FakeBucket"] = SandboxBucket
    vars(moto.sns.models)["Subscription"] = SandboxSubscription
    _route(moto.awslambda.urls, SandboxLambdaResponse)
    _route(moto.cloudwatch.urls, SandboxCloudWatchResponse)
    _route(moto.sts.urls, SandboxTokenResponse)


def _untracked(cls: type, *_: object, **__: object) -> Any:
    """A model that moto's dashboard does not list: what it lists is never given up again."""
    return object.__new__(cls)


def _route(urls: ModuleType, response: Any) -> None:
    """Send what the response class's parent would have dispatched to the class itself."""
    paths: dict[str, Any] = urls.url_paths
    parent = response.__mro__[1]
    for pattern, handler in paths.items():
        if getattr(handler, "__self__", None) is parent:
            paths[pattern] = getattr(response, handler.__name__)
