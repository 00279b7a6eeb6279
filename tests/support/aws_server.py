"""AWS on loopback for tests: moto's server for one account, and a log of what was asked of it.

Run as a program it serves until it is ended: `python -m tests.support.aws_server LOG`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class AwsServer:
    """A running server."""

    url: str
    log: Path

    def environment(self) -> dict[str, str]:
        """The standard variables that lead there."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def requests(self) -> list[str]:
        """What was asked so far, as `service operation`."""
        return self.log.read_text(encoding="utf-8").splitlines()


@contextmanager
def aws_server(account: str, folder: Path) -> Iterator[AwsServer]:
    """Serve one account until the block ends."""
    log = folder / "aws-requests.log"
    log.touch()
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.aws_server", str(log)],
        cwd=ROOT,
        env={**os.environ, "MOTO_ACCOUNT_ID": account, "PYTHONPATH": "utils/devops"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        yield AwsServer(f"http://127.0.0.1:{port}", log)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdout:
            child.stdout.close()


def _asked(environ: dict[str, Any], body: bytes) -> str:
    scope = str(environ.get("HTTP_AUTHORIZATION", "")).partition("Credential=")[2].split("/")
    service = scope[3] if len(scope) > 3 else "?"
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    if target:
        return f"{service} {target.rpartition('.')[2]}"
    if b"Action=" in body:
        return f"{service} {body.partition(b'Action=')[2].partition(b'&')[0].decode()}"
    return f"{service} {environ['REQUEST_METHOD']} {environ['PATH_INFO']}"


def _logged(application: Any, log: Path) -> Any:
    import io

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        with log.open("a", encoding="utf-8") as file:
            file.write(_asked(environ, body[:2000]) + "\n")
        return application(environ, start_response)

    return serve


def _count_loopback_as_tls() -> None:
    """moto takes `Deny unless TLS` as `Deny`: it looks at no condition of a bucket's policy."""
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket

    def permission(self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        policy = json.loads(self.policy)
        kept = [s for s in policy["Statement"] if "aws:SecureTransport" not in json.dumps(s)]
        if not kept:
            return PermissionResult.NEUTRAL
        return IAMPolicy(json.dumps({**policy, "Statement": kept})).is_action_permitted(
            action, resource
        )

    FakeBucket.get_permission = permission


def main() -> None:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    from sandbox.whole_answers import WholeAnswers

    _count_loopback_as_tls()
    application = _logged(DomainDispatcherApplication(create_backend_app), Path(sys.argv[1]))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=WholeAnswers)
    print(json.dumps(server.port), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
