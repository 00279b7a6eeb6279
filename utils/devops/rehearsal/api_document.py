"""The OpenAPI document of a service, from a file or from its design."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.errors import UnavailableError, UsageProblemError
from rehearsal.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

Document = dict[str, Any]

_FILES = ("openapi.json", "openapi.yaml", "openapi.yml")
_LARGEST = 10_000_000
_HINT = "name it with --openapi FILE or --lld FILE; `lld_parser.py extract-api` writes one"


def api_document(service: str, root: Path, openapi: Path | None, lld: Path | None) -> Document:
    """The named file, else `openapi.json` of the repository, else the service's design.

    Raises:
        UsageProblemError: Nothing says what the API is.
        UnavailableError: The file cannot be read as an OpenAPI document or a design.
    """
    if openapi is not None:
        return read_openapi(openapi)
    if lld is not None:
        return _from_design(lld)
    for folder in (root, root / "docs"):
        for name in _FILES:
            if (folder / name).is_file():
                return read_openapi(folder / name)
    designs = list(_designs(root / "LLDs", service))
    if not designs:
        raise UsageProblemError(f"there is no design of {service!r} here", hint=_HINT)
    if len(designs) > 1:
        names = ", ".join(path.name for path in designs)
        raise UsageProblemError(f"several designs of {service!r}: {names}", hint="name it: --lld")
    return _from_design(designs[0])


def read_openapi(path: Path) -> Document:
    """An OpenAPI document in JSON or YAML.

    Raises:
        UnavailableError: It cannot be read, or is none.
        UsageProblemError: It is no YAML.
    """
    found = _read_json(path) if path.suffix == ".json" else read_yaml(path)
    if not isinstance(found, dict) or not isinstance(found.get("paths"), dict):
        raise UnavailableError(f"{str(path)!r} is no OpenAPI document: it has no paths")
    return found


def _read_json(path: Path) -> Any:
    try:
        if path.stat().st_size > _LARGEST:
            raise UnavailableError(f"{str(path)!r} is larger than {_LARGEST} bytes")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnavailableError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UnavailableError(f"{str(path)!r} is no JSON: {error}") from error


def _designs(folder: Path, service: str) -> Iterator[Path]:
    if not folder.is_dir() or not _can_read_designs():
        return
    from lld.naming import service_of

    wanted = service.replace("-", "_")
    for path in sorted(folder.glob("*.md")):
        if (service_of(path.name) or "").replace("-", "_") == wanted:
            yield path


def _can_read_designs() -> bool:
    from importlib.util import find_spec

    return find_spec("lld") is not None


def _from_design(path: Path) -> Document:
    if not _can_read_designs():
        raise UnavailableError(
            "this copy of the tools cannot read designs", hint="use --openapi FILE"
        )
    from lld.openapi import openapi
    from lld.parse import parse_file

    return openapi(parse_file(path))


def resolved(schema: Mapping[str, Any], document: Document) -> Mapping[str, Any]:
    """A schema with its own reference followed, and what `allOf` says merged in."""
    for _ in range(20):
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            break
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target.get(part, {}) if isinstance(target, dict) else {}
        schema = target if isinstance(target, dict) else {}
    merged = dict(schema)
    for one in merged.pop("allOf", None) or ():
        inner = dict(resolved(one, document))
        inner["properties"] = {**merged.get("properties", {}), **inner.get("properties", {})}
        inner["required"] = [*merged.get("required", []), *inner.get("required", [])]
        merged = {**merged, **inner}
    return merged
