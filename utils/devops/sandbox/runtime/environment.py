"""The environment variables that Lambda sets for a function, with the sandbox as AWS."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sandbox.runtime.deployed import Deployed


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary credentials of a function's role."""

    access_key: str
    secret_key: str
    token: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for every function: where AWS is, and Lambda's own packages."""

    endpoint: str | None
    runtime_site: Path


def worker_environment(
    deployed: Deployed,
    root: Path,
    stream: str,
    credentials: Credentials,
    surroundings: Surroundings,
) -> dict[str, str]:
    """The whole environment of a worker; the function's own variables win, as in Lambda."""
    return {
        **_machine(),
        "_HANDLER": deployed.handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{deployed.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": deployed.name,
        "AWS_LAMBDA_FUNCTION_VERSION": deployed.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployed.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": deployed.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_LAMBDA_LOG_FORMAT": "JSON" if deployed.json_logs else "Text",
        "AWS_REGION": deployed.region,
        "AWS_DEFAULT_REGION": deployed.region,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.token,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LAMBDA_TASK_ROOT": str(root),
        "LAMBDA_RUNTIME_DIR": str(surroundings.runtime_site),
        "LAMBDA_RUNTIME_SITE": str(surroundings.runtime_site),
        "TZ": ":UTC",
        **deployed.environment,
        **_endpoint(surroundings.endpoint),
    }


def _machine() -> Mapping[str, str]:
    """What a process needs here; nothing else of the user's environment gets in."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
    inherited = {name: value for name in kept if (value := os.environ.get(name))}
    return {**inherited, "LANG": "en_US.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


def _endpoint(endpoint: str | None) -> Mapping[str, str]:
    return {"AWS_ENDPOINT_URL": endpoint} if endpoint else {}
