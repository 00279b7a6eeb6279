"""Builders for tests of the sandbox: packages, functions, APIs, and clients of each account."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import Any

import boto3

from common.environments import environment
from sandbox.control import Sandbox
from sandbox.seeding import session_of

ECHO = """
import json, os, tempfile

def handler(event, context):
    return {
        "event": event,
        "version": context.function_version,
        "arn": context.invoked_function_arn,
        "greeting": os.environ.get("GREETING"),
        "memory": context.memory_limit_in_mb,
        "left": context.get_remaining_time_in_millis(),
        "pid": os.getpid(),
        "tmp": tempfile.gettempdir(),
    }
"""


def package(files: dict[str, str]) -> bytes:
    """A zip file with these files; the same files make the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return content.getvalue()


def session(sandbox: Sandbox, env: str = "dev") -> boto3.session.Session:
    """A session in the account of an environment."""
    found: boto3.session.Session = session_of(sandbox, environment(env))
    return found


def role(sandbox: Sandbox, name: str = "service", env: str = "dev") -> str:
    """A role for functions, made on first use."""
    iam = session(sandbox, env).client("iam")
    try:
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])
    except iam.exceptions.NoSuchEntityException:
        document = json.dumps({"Version": "2012-10-17", "Statement": []})
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
        return str(made["Role"]["Arn"])


class Lambdas:
    """Lambda of one account, with what tests do to it."""

    def __init__(self, sandbox: Sandbox, env: str = "dev") -> None:
        self.client: Any = session(sandbox, env).client("lambda")
        self._role = role(sandbox, env=env)

    def create(self, name: str, code: str = ECHO, **settings: Any) -> dict[str, Any]:
        """A function with one module `app`, ready to be used."""
        given = {
            "Runtime": "python3.12",
            "Handler": "app.handler",
            "Role": self._role,
            "Code": {"ZipFile": package({"app.py": code})},
            "Timeout": 5,
            **settings,
        }
        made: dict[str, Any] = self.client.create_function(FunctionName=name, **given)
        self.settle(name)
        return made

    def update(self, name: str, code: str) -> dict[str, Any]:
        """New code, ready to be used."""
        made: dict[str, Any] = self.client.update_function_code(
            FunctionName=name, ZipFile=package({"app.py": code})
        )
        self.settle(name)
        return made

    def publish(self, name: str, code: str | None = None) -> str:
        """A new version, of new code where given."""
        if code is not None:
            self.update(name, code)
        return str(self.client.publish_version(FunctionName=name)["Version"])

    def settle(self, name: str) -> None:
        """Wait until no creation or update is in progress."""
        eventually(
            lambda: (
                (found := self.client.get_function_configuration(FunctionName=name))["State"]
                == "Active"
                and found["LastUpdateStatus"] == "Successful"
            )
        )

    def invoke(self, name: str, event: Any = None, **settings: Any) -> tuple[Any, dict[str, Any]]:
        """The parsed answer, and the whole response."""
        answer = self.client.invoke(
            FunctionName=name, Payload=json.dumps(event or {}).encode(), **settings
        )
        content = answer["Payload"].read()
        return (json.loads(content) if content else None), answer


def eventually(reached: Any, seconds: float = 60.0) -> Any:
    """Ask until the answer is true; the last answer."""
    deadline = time.monotonic() + seconds
    while not (found := reached()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert found, "it did not happen in time"
    return found
