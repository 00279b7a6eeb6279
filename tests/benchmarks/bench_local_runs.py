"""What `pipeline_test.py` costs on top of the engines it starts.

`load` against plain Locust with the same users and requests: requests a second on loopback.
`ci` against plain act with the same workflow: seconds. Paired runs, median ratios.

python tests/benchmarks/bench_local_runs.py [RUNS]
"""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "utils" / "devops")]

from pipelines.validation.engines import tool  # noqa: E402

SCRIPT = [sys.executable, str(ROOT / "utils" / "devops" / "pipeline_test.py")]
USERS, SECONDS = 20, 10
LOCUSTFILE = """
from locust import HttpUser, task


class Caller(HttpUser):
    @task
    def one(self):
        self.client.get("/fine")
"""
WORKFLOW = """
on: push
jobs:
  one: {runs-on: ubuntu-24.04, steps: [{run: echo one}, {run: echo two}]}
  two: {needs: one, runs-on: ubuntu-24.04, steps: [{run: echo three}]}
"""


class Service(http.server.BaseHTTPRequestHandler):
    """Answers 200 at once."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        return


def load_ours(folder: Path, url: str) -> float:
    """Requests a second, by our report."""
    config = {
        "target": {"url": url}, "users": USERS, "spawn_rate": USERS, "duration": f"{SECONDS}s",
        "requests": [{"path": "/fine"}],
    }  # fmt: skip
    path = folder / "load.yml"
    path.write_text(json.dumps(config))
    words = [*SCRIPT, "load", "--config", str(path), "--reports", str(folder / "r"), "-o", "json"]
    answer = subprocess.run(words, capture_output=True, text=True, check=True)
    return float(json.loads(answer.stdout)["total"]["requests_per_second"])


def load_plain(folder: Path, url: str) -> float:
    """Requests a second, by Locust's own statistics."""
    path, stats = folder / "plain.py", folder / "stats"
    path.write_text(LOCUSTFILE)
    words = [sys.executable, "-m", "locust", "-f", str(path), "--headless", "--host", url]
    words += ["-u", str(USERS), "-r", str(USERS), "-t", f"{SECONDS}s", "--only-summary"]
    words += ["--json-file", str(stats)]
    subprocess.run(words, capture_output=True, check=True, cwd=folder)
    (found,) = json.loads((folder / "stats.json").read_text())
    return float(found["num_requests"]) / SECONDS


def seconds(words: list[str], folder: Path) -> float:
    started = time.perf_counter()
    subprocess.run(words, cwd=folder, check=True, capture_output=True, env={**os.environ})
    return time.perf_counter() - started


def bench_load(runs: int) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    pairs = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            pairs.append((load_ours(Path(folder), url), load_plain(Path(folder), url)))
    server.shutdown()
    ours, plain = median(a for a, _ in pairs), median(b for _, b in pairs)
    ratio = median(a / b for a, b in pairs)
    print(
        f"load: {ours:.0f} requests/s; plain Locust: {plain:.0f}; ratio {ratio:.2f} (at least 0.9)"
    )


def bench_ci(runs: int) -> None:
    act = tool("act")
    if act is None:
        raise SystemExit("act is neither beside this Python nor on PATH")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        path = folder / ".github" / "workflows" / "ci.yml"
        path.parent.mkdir(parents=True)
        path.write_text(WORKFLOW)
        subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
        ours = [*SCRIPT, "ci", "--workflow", str(path), "--engine", "host"]
        plain = [act, "push", "-W", str(path), "-P", "ubuntu-24.04=-self-hosted"]
        pairs = [(seconds(ours, folder), seconds(plain, folder)) for _ in range(runs)]
    mine, theirs = median(a for a, _ in pairs), median(b for _, b in pairs)
    print(f"ci: {mine:.2f} s; plain act: {theirs:.2f} s; {mine - theirs:.2f} s more (at most 1.5)")


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    bench_ci(runs)
    bench_load(runs)


if __name__ == "__main__":
    main()
