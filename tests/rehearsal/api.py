"""A small API on loopback with an OpenAPI document, and faults to plant in it."""

from __future__ import annotations

import http.server
import json
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

_REFUSED = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Notes", "version": "1"},
    "security": [{"bearer": []}],
    "paths": {
        "/v1/shelves/{shelfId}/notes": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/New"}}
                    }
                },
                "responses": {
                    "201": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Note"}}
                        }
                    },
                    "400": _REFUSED,
                },
            },
            "get": {
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Page"}}
                        }
                    }
                }
            },
        },
        "/v1/shelves/{shelfId}/notes/{noteId}": {
            "get": {
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Note"}}
                        }
                    },
                    "404": _REFUSED,
                }
            },
            "put": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/New"}}
                    }
                },
                "responses": {"200": {}},
            },
            "delete": {"responses": {"204": {}}},
        },
        "/v1/status": {"get": {"security": [], "responses": {"200": {}}}},
    },
    "components": {
        "schemas": {
            "New": {
                "type": "object",
                "required": ["text", "size"],
                "properties": {
                    "text": {"type": "string", "minLength": 3, "maxLength": 40},
                    "size": {"type": "integer", "minimum": 5},
                },
            },
            "Note": {
                "allOf": [{"$ref": "#/components/schemas/New"}],
                "required": ["noteId"],
                "properties": {"noteId": {"type": "string"}, "hint": {"type": "string"}},
            },
            "Refusal": {
                "type": "object",
                "required": ["message"],
                "properties": {"message": {"type": "string"}},
            },
            "Page": {
                "type": "object",
                "required": ["items"],
                "properties": {
                    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Note"}}
                },
            },
        }
    },
}


@dataclass
class Api:
    """What the API keeps, what it was asked, and which faults it has."""

    url: str = ""
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    faults: set[str] = field(default_factory=set)

    def answer(self, method: str, path: str, body: Any, *, known: bool) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        if path == "/v1/status":
            return 200, {"ok": True}
        if not known and "open-door" not in self.faults:
            return 401, {"message": "Unauthorized"}
        identifier = path.rsplit("/", 1)[-1]
        if identifier == "notes":
            return self._collection(method, body)
        if identifier not in self.notes:
            return 404, {"fault": 7} if "odd-refusals" in self.faults else {
                "message": "no such note"
            }
        return self._item(method, identifier, body)

    def _collection(self, method: str, body: Any) -> tuple[int, Any]:
        if method == "GET":
            return 200, {"items": [] if "forgetful" in self.faults else list(self.notes.values())}
        if "odd-refusals" in self.faults and not body:
            return 400, ["text"]
        if not body or "text" not in body:
            return (500 if "careless" in self.faults else 400), {"message": "text is missing"}
        identifier = str(uuid.uuid4())
        self.notes[identifier] = {**body, "noteId": identifier, "hint": None}
        if "wrong-schema" in self.faults:
            return 201, {**self.notes[identifier], "size": "big"}
        return 201, self.notes[identifier]

    def _item(self, method: str, identifier: str, body: Any) -> tuple[int, Any]:
        if method == "GET":
            return 200, self.notes[identifier]
        if method == "PUT":
            if "ignores-updates" not in self.faults:
                self.notes[identifier] |= body
            return 200, self.notes[identifier]
        if "undeletable" in self.faults:
            return 500, {"message": "no"}
        del self.notes[identifier]
        return 204, None


def serve(api: Api) -> http.server.ThreadingHTTPServer:
    """The API on a port of its own; whoever sends a token is known."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            content = self.rfile.read(length)
            known = self.headers.get("Authorization") == "Bearer a-test-token"
            status, body = api.answer(
                self.command, self.path, json.loads(content) if content else None, known=known
            )
            data = json.dumps(body).encode() if body is not None else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    return server
