"""`pipeline_test.py load` with the real Locust, against a service on loopback."""

from __future__ import annotations

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

# Asked without importing it: Locust replaces the sockets of the process that imports it.
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_spec("locust") is None, reason="Locust is installed on request"),
]

SCRIPT = ROOT / "utils" / "devops" / "pipeline_test.py"


class Service(http.server.BaseHTTPRequestHandler):
    """Answers 200, or 500 where the path says so."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(500 if "broken" in self.path else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def start(folder: Path, url: str, *words: str, **settings: Any) -> subprocess.Popen[str]:
    config = {
        "target": {"url": url}, "users": 4, "spawn_rate": 20, "duration": "4s", "wait": "20ms",
        "requests": [{"path": "/fine/{id}"}], "data": {"id": ["a", "b"]},
        "thresholds": {"p95": "5s", "min_requests": 10}, **settings,
    }  # fmt: skip
    path = folder / "load.yml"
    path.write_text(json.dumps(config))
    argv = [sys.executable, str(SCRIPT), "load", "--config", str(path), "-o", "json"]
    return subprocess.Popen(
        [*argv, "--reports", str(folder / "r"), *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(child: subprocess.Popen[str]) -> tuple[int, Any]:
    """Exit code and the JSON document."""
    stdout, stderr = child.communicate(timeout=90)
    assert stdout, stderr
    return child.returncode, json.loads(stdout)


def locusts(parent: int) -> list[int]:
    """The processes of Locust below a process, the deepest last."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    below, found = {parent}, []
    for pid, above, args in sorted(rows, key=lambda row: int(row[0])):
        if int(above) in below:
            below.add(int(pid))
            if "-m locust" in args:
                found.append(int(pid))
    return found


def eventually(reached: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert reached(), "it did not happen in time"


def test_thresholds_are_met_and_the_same_run_is_a_baseline(tmp_path: Path, address: str) -> None:
    code, data = ended(start(tmp_path, address))
    assert (code, data["ok"], data["interrupted"]) == (0, True, False)
    assert list(data["requests"]) == ["GET /fine/{id}"]
    assert data["total"]["requests"] >= 10
    assert {p.name for p in (tmp_path / "r").iterdir()} >= {
        "report.html", "report.json", "requests.csv", "history.csv",
    }  # fmt: skip
    baseline = tmp_path / "r" / "report.json"
    again = tmp_path / "again"
    again.mkdir()
    code, data = ended(start(again, f"{address}/broken", "--baseline", str(baseline)))
    assert code == 1
    assert [one["name"] for one in data["thresholds"] if not one["met"]] == [
        "good answers", "p95", "errors",
    ]  # fmt: skip
    assert data["baseline"]["requests"] >= 10
    assert data["total"]["errors"] == {"answered 500": data["total"]["failures"]}


def test_a_worker_killed_in_the_middle_makes_the_run_no_pass(tmp_path: Path, address: str) -> None:
    child = start(tmp_path, address, "--processes", "2", duration="9s")
    log = tmp_path / "r" / "locust.log"
    eventually(lambda: log.is_file() and "All users spawned" in log.read_text())
    os.kill(locusts(child.pid)[-1], signal.SIGKILL)
    code, data = ended(child)
    assert (code, data["trouble"]) == (4, ["1 of 2 workers were lost on the way"])
    assert all(one["met"] for one in data["thresholds"])
    assert (tmp_path / "r" / "report.html").is_file()


def test_an_interrupt_ends_with_a_partial_report_and_no_process(
    tmp_path: Path, address: str
) -> None:
    child = start(tmp_path, address, duration="60s")
    log = tmp_path / "r" / "locust.log"
    eventually(lambda: log.is_file() and "All users spawned" in log.read_text())
    time.sleep(2)
    started = locusts(child.pid)
    child.send_signal(signal.SIGINT)
    code, data = ended(child)
    assert (code, data["interrupted"]) == (130, True)
    assert data["total"]["requests"] > 0
    assert data["trouble"][0].startswith("interrupted after")
    assert "(partial)" in (tmp_path / "r" / "report.html").read_text()
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))


def test_a_master_waits_for_its_worker_on_another_machine(tmp_path: Path, address: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    master = start(tmp_path, address, "--master", "1", "--port", port, duration="3s")
    there = tmp_path / "there"
    there.mkdir()
    worker = start(there, address, "--worker", f"127.0.0.1:{port}")
    code, data = ended(master)
    assert (code, data["total"]["requests"] > 10) == (0, True)
    assert ended(worker) == (0, {"ok": True, "worker_of": f"127.0.0.1:{port}"})
