"""The inside of a worker: imports the handler, then answers one invocation after another.

Runs in the Python that was chosen for the function, so it uses nothing but the standard library.
Pipes carry frames (four bytes of length, then the bytes): `requests` and `answers` belong to the
invocations, `life` ends when the sandbox does, and this process and all it started with it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import resource
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

Failure = dict[str, Any]
Handler = Callable[[Any, Any], Any]

_EXIT_OUT_OF_MEMORY = 137


def read_exactly(pipe: int, size: int) -> bytes:
    """`size` bytes, or none at all when the other side is gone."""
    parts = b""
    while len(parts) < size:
        part = os.read(pipe, size - len(parts))
        if not part:
            raise EOFError
        parts += part
    return parts


def read_frame(pipe: int) -> bytes:
    """The next frame."""
    return read_exactly(pipe, struct.unpack(">I", read_exactly(pipe, 4))[0])


def write_frame(pipe: int, content: bytes) -> None:
    """One frame, whole."""
    view = memoryview(struct.pack(">I", len(content)) + content)
    while view:
        view = view[os.write(pipe, view) :]


class Context:
    """The context object of an invocation."""

    identity = None

    def __init__(self, call: dict[str, Any]) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.invoked_function_arn = call["arn"]
        self.aws_request_id = call["request_id"]
        self.client_context = call.get("client_context")
        self._deadline = call["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        """How long the function may still run."""
        return max(0, int((self._deadline - time.time()) * 1000))


class LineFormatter(logging.Formatter):
    """Lambda's own format of `logging` lines, as text or as JSON."""

    converter = staticmethod(time.gmtime)
    request_id = ""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__(datefmt="%Y-%m-%dT%H:%M:%S")
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        stamp = f"{self.formatTime(record, self.datefmt)}.{int(record.msecs):03d}Z"
        message = super().format(record)
        if not self._as_json:
            return f"[{record.levelname}]\t{stamp}\t{self.request_id}\t{message}"
        return json.dumps(
            {
                "timestamp": stamp,
                "level": record.levelname,
                "message": message,
                "logger": record.name,
                "requestId": self.request_id,
            }
        )


def die_with(life: int) -> None:
    """End this process group once the sandbox has closed its end of `life`."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            os.read(life, 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def limit_memory(megabytes: int) -> None:
    """An allocation beyond the limit fails; not every system can limit it."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))


def find_handler(name: str) -> Handler:
    """The function that `module.function` names."""
    module, _, attribute = name.rpartition(".")
    found: Handler = getattr(importlib.import_module(module.replace("/", ".")), attribute)
    return found


def described(error: Exception, request_id: str, kind: str | None = None) -> Failure:
    """An error as Lambda's Python reports it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__]
    return {
        "errorMessage": str(error),
        "errorType": kind or type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_list(own),
    }


def show(error: Failure) -> None:
    """The error in the function's log."""
    sys.stdout.write(
        f"[ERROR] {error['errorType']}: {error['errorMessage']}\n"
        "Traceback (most recent call last):\n" + "".join(error["stackTrace"])
    )


def load() -> tuple[Handler | None, Failure | None]:
    """The handler, and nothing; or nothing, and the error of loading it."""
    name = os.environ["_HANDLER"]
    module, _, attribute = name.rpartition(".")
    try:
        return find_handler(name), None
    except ImportError as error:
        return None, _unloadable(
            error, f"Unable to import module '{module}': {error}", "ImportModule"
        )
    except SyntaxError as error:
        said = f"Syntax error in module '{module}': {error}"
        return None, _unloadable(error, said, "UserCodeSyntax")
    except AttributeError as error:
        if getattr(error, "name", None) != attribute:
            return None, described(error, "")
        said = f"Handler '{attribute}' missing on module '{module}'"
        failure = _unloadable(error, said, "")
        return None, {**failure, "errorType": "Runtime.HandlerNotFound"}
    except Exception as error:
        return None, described(error, "")


def _unloadable(error: Exception, message: str, kind: str) -> Failure:
    return {**described(error, "", f"Runtime.{kind}Error"), "errorMessage": message}


def run(handler: Handler, call: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    """The answer's head and body."""
    request_id = call["request_id"]
    os.environ["_X_AMZN_TRACE_ID"] = call["trace"]
    try:
        outcome = handler(json.loads(payload or b"{}"), Context(call))
    except MemoryError:
        os._exit(_EXIT_OUT_OF_MEMORY)
    except Exception as error:
        failure = described(error, request_id)
        show(failure)
        return {"failed": True}, json.dumps(failure).encode()
    try:
        return {"failed": False}, json.dumps(outcome, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        text = TypeError(f"Unable to marshal response: {error}")
        failure = described(text, request_id, "Runtime.MarshalError")
        show(failure)
        return {"failed": True}, json.dumps(failure).encode()


def peak_memory_mb() -> int:
    """The most memory this process has used; `getrusage` would count what came before `exec`."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        text = Path("/proc/self/status").read_text(encoding="ascii")
        return int(text.partition("VmHWM:")[2].split()[0]) // 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1 << 20) if sys.platform == "darwin" else peak // 1024


def main(requests: int, answers: int, life: int) -> None:
    """Load the handler, say so, then serve until the sandbox is gone."""
    setup = json.loads(read_frame(requests))
    die_with(life)
    limit_memory(setup["memory_limit_mb"])
    sys.path[:0] = setup["path"]
    formatter = LineFormatter(as_json=setup["json_logs"])
    stream = logging.StreamHandler(sys.stdout)
    stream.setFormatter(formatter)
    logging.getLogger().addHandler(stream)
    handler, failure = load()
    if failure:
        show(failure)
    write_frame(answers, json.dumps({"failure": failure}).encode())
    while handler:
        call = json.loads(read_frame(requests))
        payload = read_frame(requests)
        formatter.request_id = call["request_id"]
        started = time.perf_counter()
        head, body = run(handler, call, payload)
        head["ms"] = (time.perf_counter() - started) * 1000
        head["memory_mb"] = peak_memory_mb()
        write_frame(answers, json.dumps(head).encode())
        write_frame(answers, body)


if __name__ == "__main__":
    with contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        main(*(int(word) for word in sys.argv[1:4]))
