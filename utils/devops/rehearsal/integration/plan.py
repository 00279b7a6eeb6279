"""Which operations belong together: what makes a thing, reads it, changes it and removes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rehearsal.api_document import resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearsal.api_document import Document

_METHODS = ("get", "post", "put", "patch", "delete")
_NAME = re.compile(r"\{([^{}/+]+)\+?\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One route with what it takes and gives."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    """Schema of the request body."""
    example: Any = None
    success: int = 200
    answer: Mapping[str, Any] | None = None
    """Schema of the successful answer."""
    statuses: frozenset[int] = frozenset()
    """Those the document names."""
    refusals: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """Schemas of the answers that are no success, by status."""
    is_public: bool = False
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Required query parameters and their schemas."""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        """Names of the path's parameters."""
        return _NAME.findall(self.path)

    def filled(self, values: Mapping[str, str]) -> str:
        """The path with values; they are quoted."""
        from urllib.parse import quote

        return _NAME.sub(lambda found: quote(values[found[1]], safe=""), self.path)


@dataclass(frozen=True, slots=True)
class Collection:
    """The operations on one kind of thing: on all of them, and on one by its identifier."""

    path: str
    create: Operation | None = None
    listing: Operation | None = None
    read: Operation | None = None
    updates: tuple[Operation, ...] = ()
    delete: Operation | None = None

    @property
    def item_parameter(self) -> str | None:
        """The path parameter that identifies one thing."""
        for one in (self.read, self.delete, *self.updates):
            if one is not None:
                return one.parameters[-1]
        return None


@dataclass(frozen=True, slots=True)
class Plan:
    """All collections, outer ones first, and the operations that belong to none."""

    collections: tuple[Collection, ...]
    others: tuple[Operation, ...]

    @property
    def operations(self) -> list[Operation]:
        found: list[Operation | None] = list(self.others)
        for c in self.collections:
            found += [c.create, c.listing, c.read, *c.updates, c.delete]
        return [one for one in found if one is not None]


def plan(document: Document) -> Plan:
    """Group the document's operations; a POST without things it makes is an action, not a life."""
    known = {(one.method, one.path): one for one in _operations(document)}
    paths = sorted({path for _, path in known}, key=lambda path: (path.count("/"), path))
    collections, used = [], set[tuple[str, str]]()
    for path in paths:
        if _NAME.fullmatch(path.rsplit("/", 1)[-1]):
            continue
        item = next((one for one in paths if _is_item_of(one, path)), None)
        if item is None:
            continue
        found = Collection(
            path,
            create=known.get(("POST", path)),
            listing=known.get(("GET", path)),
            read=known.get(("GET", item)),
            updates=tuple(
                known[method, item] for method in ("PUT", "PATCH") if (method, item) in known
            ),
            delete=known.get(("DELETE", item)),
        )
        if found.create is None and found.read is None:
            continue
        collections.append(found)
        used |= {("POST", path), ("GET", path)}
        used |= {(method, item) for method in ("GET", "PUT", "PATCH", "DELETE")}
    return Plan(tuple(collections), tuple(op for key, op in known.items() if key not in used))


def planned(whole: Plan, *, read_only: bool, leave: bool) -> list[str]:
    """What a walk through the API would ask and change, in its order.

    Args:
        leave: Create also what the API cannot remove.
    """
    lines = [
        f"would ask {one.name} without credentials, to be refused"
        for one in whole.operations
        if not one.is_public and (one.method == "GET" or not read_only)
    ]
    for collection in whole.collections:
        reading = (collection.listing, collection.read)
        lines += [f"would ask {one.name}" for one in reading if one is not None]
        if not read_only and collection.create is not None:
            lines += _life(collection, collection.create, leave=leave)
    lines += [f"would ask {one.name}" for one in whole.others if one.method == "GET"]
    return lines


def _life(collection: Collection, create: Operation, *, leave: bool) -> list[str]:
    if collection.delete is None and not leave:
        return [f"would not {create.name}: the API cannot remove what it makes"]
    lines = [f"would create by {create.name}"]
    lines += [f"would change what was created by {one.name}" for one in collection.updates]
    if collection.delete is None:
        return [*lines, "would leave behind what was created"]
    return [*lines, f"would remove what was created by {collection.delete.name}"]


def _is_item_of(item: str, collection: str) -> bool:
    start, _, last = item.rpartition("/")
    return start == collection and _NAME.fullmatch(last) is not None


def _operations(document: Document) -> list[Operation]:
    found = []
    for path, item in document["paths"].items():
        for method in _METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict):
                found.append(_operation(method.upper(), path, item, operation, document))
    return found


def _operation(
    method: str, path: str, item: Mapping[str, Any], raw: Mapping[str, Any], document: Document
) -> Operation:
    media = _media(raw.get("requestBody"), document)
    responses = {
        int(status): value
        for status, value in (raw.get("responses") or {}).items()
        if str(status).isdigit()
    }
    success = min((status for status in responses if 200 <= status < 300), default=200)
    security = raw.get("security", document.get("security"))
    listed = [*(item.get("parameters") or ()), *(raw.get("parameters") or ())]
    parameters = [resolved(one, document) for one in listed]
    return Operation(
        method,
        path,
        body=(media or {}).get("schema") if media is not None else None,
        example=(media or {}).get("example"),
        success=success,
        answer=(_media(responses.get(success), document) or {}).get("schema"),
        statuses=frozenset(responses),
        refusals={
            status: media["schema"]
            for status, holder in responses.items()
            if status >= 400 and (media := _media(holder, document)) and media.get("schema")
        },
        is_public=not security,
        query={
            str(p["name"]): p.get("schema") or {}
            for p in parameters
            if p.get("in") == "query" and p.get("required")
        },
    )


def _media(holder: Any, document: Document) -> Mapping[str, Any] | None:
    if not isinstance(holder, dict):
        return None
    content = resolved(holder, document).get("content") or {}
    media = next((value for kind, value in content.items() if "json" in kind), None)
    return media if isinstance(media, dict) else None
