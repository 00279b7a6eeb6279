"""The AWS that a function from source calls: LocalStack, a running sandbox, or moto right here."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from common.errors import UnavailableError
from sandbox.runtime.environment import Credentials
from sandbox.source.handlers import Source, settings_of, tables_of

LOCALSTACK = "http://127.0.0.1:4566"
_REGION = "eu-west-1"
_ANY = Credentials("LOCALFUNCTION0000000", "local", "local")


@dataclass(frozen=True, slots=True)
class Backend:
    """Where AWS is, who the function is there, and the variables that lead it to its resources."""

    name: str
    endpoint: str
    credentials: Credentials
    variables: Mapping[str, str]
    missing: tuple[str, ...] = ()


@contextmanager
def aws_for(root: Path, function: Source, *, localstack: bool, sandbox: str) -> Iterator[Backend]:
    """An AWS for one invocation or many.

    Args:
        localstack: Prefer LocalStack, where it runs.
        sandbox: Name of the sandbox to use, where it runs.
    """
    given = {name: os.environ[name] for name in settings_of(root) if name in os.environ}
    if localstack and (address := running_localstack()):
        yield _checked(root, Backend("LocalStack", address, _ANY, given))
        return
    running = _sandbox(sandbox)
    if running is not None:
        endpoint, credentials, variables = _deployed(running, function)
        backend = Backend(f"sandbox {sandbox}", endpoint, credentials, {**variables, **given})
        yield _checked(root, backend)
        return
    with _moto(root) as (endpoint, variables):
        yield _checked(root, Backend("moto", endpoint, _ANY, {**variables, **given}))


def running_localstack() -> str | None:
    """The address of a LocalStack that answers."""
    address = os.environ.get("LOCALSTACK_ENDPOINT") or LOCALSTACK
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname or "", parts.port or 4566, timeout=2)
    try:
        connection.request("GET", "/_localstack/health")
        healthy = "services" in json.load(connection.getresponse())
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return address if healthy else None


def _checked(root: Path, backend: Backend) -> Backend:
    known = {*backend.variables, *os.environ}
    missing = tuple(sorted(name for name in settings_of(root) if name not in known))
    return Backend(backend.name, backend.endpoint, backend.credentials, backend.variables, missing)


def _sandbox(name: str) -> Any:
    from sandbox import control

    return control.find(name)


def _deployed(running: Any, function: Source) -> tuple[str, Credentials, dict[str, str]]:
    """Work as the operator of dev, with the variables of the deployed function, if there is one."""
    from common.environments import environment
    from sandbox.seeding import session_of

    session = session_of(running, environment("dev"))
    keys = session.get_credentials().get_frozen_credentials()
    credentials = Credentials(keys.access_key, keys.secret_key, keys.token or "")
    ending = f"-{function.name.replace('_', '-')}-dev"
    pages = session.client("lambda").get_paginator("list_functions").paginate()
    found = [one for page in pages for one in page["Functions"]]
    mine = [one for one in found if one["FunctionName"].endswith(ending)]
    variables = mine[0].get("Environment", {}).get("Variables", {}) if len(mine) == 1 else {}
    return running.running.endpoint, credentials, dict(variables)


@contextmanager
def _moto(root: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Moto on a free port of this process, with the tables and secrets the source asks for."""
    try:
        from moto.moto_api._internal.models import moto_api_backend
        from moto.server import ThreadedMotoServer
    except ImportError as error:
        raise UnavailableError(
            "neither a sandbox nor LocalStack is running, and moto is not installed here",
            hint="local_runner.py sandbox start, from the toolkit",
        ) from error
    import logging

    import boto3

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        session = boto3.session.Session(
            aws_access_key_id=_ANY.access_key,
            aws_secret_access_key=_ANY.secret_key,
            aws_session_token=_ANY.token,
            region_name=_REGION,
        )
        yield endpoint, _filled(session, endpoint, root)
    finally:
        server.stop()
        # The next invocation of this process (`--watch`) starts from the same empty AWS.
        moto_api_backend.reset()


def _filled(session: Any, endpoint: str, root: Path) -> dict[str, str]:
    variables: dict[str, str] = {}
    dynamodb = session.client("dynamodb", endpoint_url=endpoint)
    for variable, table in tables_of(root).items():
        dynamodb.create_table(**table)
        variables[variable] = str(table["TableName"])
    manager = session.client("secretsmanager", endpoint_url=endpoint)
    for variable in settings_of(root):
        if "SECRET" in variable and variable not in variables:
            made = manager.create_secret(Name=variable, SecretString=secrets.token_hex(32))
            variables[variable] = made["ARN"]
    return variables
