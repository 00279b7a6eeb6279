"""Whether an answer is what the document promises."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearsal.api_document import Document
    from rehearsal.integration.door import Answer

_SHOWN = 5
_ERROR = re.compile(r"\[?ERROR\]?|Traceback|Task timed out|Runtime exited|Error: ")


def status_problem(answer: Answer, expected: tuple[int, ...]) -> str:
    """What is wrong with the status; empty when nothing is."""
    if answer.status in expected:
        return ""
    wanted = " or ".join(map(str, expected))
    if answer.status == 0:
        return f"no answer ({answer.text}), {wanted} expected"
    return f"answered {answer.status}, {wanted} expected"


def schema_problems(schema: Mapping[str, Any] | None, body: Any, document: Document) -> list[str]:
    """Where a body departs from its schema; at most a few, by their place.

    A property that is null counts as absent, so that only required ones are missed.
    """
    if not schema:
        return []
    from jsonschema import Draft202012Validator, SchemaError  # type: ignore[import-untyped]

    whole = {**schema, "components": document.get("components") or {}}
    try:
        errors = Draft202012Validator(whole).iter_errors(_without_nulls(body))
        found = sorted(errors, key=lambda error: [str(part) for part in error.absolute_path])
    except SchemaError as error:
        return [f"the document's own schema is wrong: {error.message}"]
    return [f"{error.json_path}: {error.message[:200]}" for error in found[:_SHOWN]]


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def is_error_line(line: str) -> bool:
    """Whether a line of a function's log tells of an error: by its level, else by its words."""
    try:
        entry = json.loads(line)
    except ValueError:
        return _ERROR.search(line) is not None
    level = entry.get("level", "") if isinstance(entry, dict) else ""
    return str(level).upper() in ("ERROR", "CRITICAL", "FATAL")
