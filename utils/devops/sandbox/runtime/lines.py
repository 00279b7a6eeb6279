"""The lines Lambda itself writes into a function's log, as text or as JSON events."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.runtime.deployed import Deployed


def started(deployed: Deployed, request_id: str) -> str:
    """The line before an invocation."""
    if not deployed.json_logs:
        return f"START RequestId: {request_id} Version: {deployed.version}"
    return _event("platform.start", {"requestId": request_id, "version": deployed.version})


def reported(
    deployed: Deployed,
    request_id: str,
    *,
    duration_ms: float,
    init_ms: float | None,
    memory_mb: int,
    failed: bool,
) -> list[str]:
    """The lines after one."""
    billed = math.ceil(duration_ms + (init_ms or 0))
    if deployed.json_logs:
        metrics: dict[str, float] = {
            "durationMs": round(duration_ms, 3),
            "billedDurationMs": billed,
            "memorySizeMB": deployed.memory_mb,
            "maxMemoryUsedMB": memory_mb,
        }
        if init_ms is not None:
            metrics["initDurationMs"] = round(init_ms, 3)
        status = "error" if failed else "success"
        record = {"requestId": request_id, "metrics": metrics, "status": status}
        return [_event("platform.report", record)]
    report = (
        f"REPORT RequestId: {request_id}\tDuration: {duration_ms:.2f} ms\t"
        f"Billed Duration: {billed} ms\tMemory Size: {deployed.memory_mb} MB\t"
        f"Max Memory Used: {memory_mb} MB\t"
    )
    if init_ms is not None:
        report += f"Init Duration: {init_ms:.2f} ms\t"
    return [f"END RequestId: {request_id}", report]


def _event(kind: str, record: dict[str, Any]) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": now, "type": kind, "record": record})
