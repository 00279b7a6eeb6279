"""The sandbox against what is asked of it, and against moto's own server as its peer.

python tests/benchmarks/bench_sandbox.py [RUNS]

Start: from `control.start` to prepared accounts (5 s allowed), and moto's bare server beside it.
Warm invocation: an invocation of a generated handler through the API minus the time the handler
itself took (10 ms allowed); beside it, the same client's `GetCallerIdentity` on moto's bare server,
which is what a request costs that does nothing. Throughput: invocations a minute (200 asked).
"""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "utils" / "devops"), str(ROOT)]

import boto3  # noqa: E402
from tests.sandbox.support import Lambdas, session  # noqa: E402

from codegen.scaffold import scaffold  # noqa: E402
from deploy.packaging.package import build  # noqa: E402
from lld.parse import parse_file  # noqa: E402
from sandbox import control  # noqa: E402

DESIGN = ROOT / "templates" / "examples" / "9.1.1_LLD_Bookmark_Lambda.md"
REPORT = re.compile(r"REPORT .*?Duration: ([\d.]+) ms")
EVENT: dict[str, Any] = {
    "resource": "/v1.0/readers/{readerId}/bookmarks",
    "path": "/v1.0/readers/r1/bookmarks",
    "httpMethod": "GET",
    "headers": {},
    "multiValueHeaders": {},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "pathParameters": {"readerId": "r1"},
    "requestContext": {"requestId": "1", "stage": "dev", "identity": {}},
    "body": None,
    "isBase64Encoded": False,
}


def generated_package(folder: Path) -> bytes:
    """The package of a generated service, as a deployment builds it."""
    root = folder / "service"
    scaffold(parse_file(DESIGN), root)
    identity = ["-c", "user.name=b", "-c", "user.email=b@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run(["git", *identity, *words], cwd=root, check=True)
    return build(root, folder / "package.zip").path.read_bytes()


@contextmanager
def bare_moto() -> Iterator[tuple[Any, float]]:
    """Moto's own server: a client of it, and how long it took to answer the first time."""
    began = time.perf_counter()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "moto.server", "-p", str(port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = boto3.client(
        "sts",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    try:
        while True:
            try:
                client.get_caller_identity()
                break
            except Exception:
                time.sleep(0.02)
        yield client, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


def milliseconds(call: Any) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def prepare(sandbox: control.Sandbox, package: bytes) -> Lambdas:
    """The generated list function and what it reads."""
    lambdas = Lambdas(sandbox)
    made = session(sandbox)
    made.client("dynamodb").create_table(
        TableName="bookmarks",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("PK", "SK")],
        KeySchema=[
            {"AttributeName": "PK", "KeyType": "HASH"},
            {"AttributeName": "SK", "KeyType": "RANGE"},
        ],
    )
    secret = made.client("secretsmanager").create_secret(Name="page", SecretString="key")["ARN"]
    made.client("s3").put_object(Bucket="bbws-artifacts-dev", Key="p.zip", Body=io.BytesIO(package))
    lambdas.create(
        "list",
        Handler="src.handlers.list_bookmarks.handler",
        Code={"S3Bucket": "bbws-artifacts-dev", "S3Key": "p.zip"},
        MemorySize=256,
        Timeout=30,
        Publish=True,
        Environment={
            "Variables": {
                "TABLE_NAME": "bookmarks",
                "PAGE_TOKEN_SECRET_ARN": secret,
                "POWERTOOLS_METRICS_NAMESPACE": "BBWS",
                "POWERTOOLS_SERVICE_NAME": "bookmark",
            }
        },
    )
    lambdas.client.create_alias(FunctionName="list", Name="live", FunctionVersion="1")
    return lambdas


def overhead(lambdas: Lambdas) -> float:
    """Milliseconds of one warm invocation beyond the handler's own."""
    began = time.perf_counter()
    answer = lambdas.client.invoke(
        FunctionName="list:live", Payload=json.dumps(EVENT).encode(), LogType="Tail"
    )
    spent = (time.perf_counter() - began) * 1000
    content = json.loads(answer["Payload"].read())
    assert content["statusCode"] == 200, content
    found = REPORT.search(b64decode(answer["LogResult"]).decode())
    assert found
    return spent - float(found[1])


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["XDG_STATE_HOME"] = temporary
        package = generated_package(Path(temporary))
        starts = []
        for _ in range(3):
            began = time.perf_counter()
            sandbox, _ = control.start("bench", fresh=True)
            starts.append(time.perf_counter() - began)
            control.stop("bench")
        sandbox, _ = control.start("bench", fresh=True)
        try:
            measure(sandbox, package, runs, median(starts))
        finally:
            control.stop("bench")


def measure(sandbox: control.Sandbox, package: bytes, runs: int, start: float) -> None:
    lambdas = prepare(sandbox, package)
    overhead(lambdas)
    with bare_moto() as (sts, bare):
        pairs = [(overhead(lambdas), milliseconds(sts.get_caller_identity)) for _ in range(runs)]
    ours = [pair[0] for pair in pairs]
    began = time.perf_counter()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: overhead(lambdas), range(runs)))
    rate = runs / (time.perf_counter() - began) * 60
    print(f"start                {start:6.2f} s   (allowed 5)   {start / bare:.2f} × bare moto")
    print(
        f"warm, beyond handler {median(ours):6.1f} ms  (allowed 10)  p95 {quantiles(ours, n=20)[-1]:.1f}"
        f"   {median(a / b for a, b in pairs):.2f} × an empty request on bare moto"
    )
    print(f"throughput           {rate:6.0f} / min (asked 200), 4 callers, {os.cpu_count()} cores")
    print(f"package              {len(package) / 1e6:6.1f} MB in {_entries(package)} files")


def _entries(package: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return len(archive.infolist())


if __name__ == "__main__":
    main()
