"""Matrices: keys that exist, combinations that make sense, a number of legs GitHub accepts."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from pipelines.workflow.findings import Finding, error
from pipelines.workflow.shapes import is_expression

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.workflow.model import Job, Workflow
    from pipelines.workflow.yaml_tree import Node

_MOST_LEGS = 256


def check(workflow: Workflow) -> Iterator[Finding]:
    """Findings about every job's matrix."""
    for job in workflow.jobs.values():
        if job.matrix is not None and job.matrix.is_mapping:
            yield from _matrix(job, job.matrix)


def _matrix(job: Job, matrix: Node) -> Iterator[Finding]:
    axes = {name: v for name, v in matrix.pairs() if name not in ("include", "exclude")}
    for name, values in axes.items():
        yield from _repeated(name, values)
    exclude = matrix.get("exclude")
    if exclude is not None and not is_expression(exclude):
        yield from _exclude(exclude, axes)
    legs = combinations(job)
    if legs is not None and len(legs) > _MOST_LEGS:
        message = f"the matrix of job {job.id!r} has {len(legs)} legs, GitHub runs {_MOST_LEGS}"
        yield error("matrix-size", matrix, message)
    if legs == []:
        message = f"'exclude' leaves no leg of the matrix of job {job.id!r}, so it never runs"
        yield error("matrix-exclude", matrix.key("exclude") or matrix, message)


def _repeated(name: str, values: Node) -> Iterator[Finding]:
    seen: list[Any] = []
    for item in values.items:
        value = item.plain()
        if not is_expression(item) and value in seen:
            yield error("matrix-value", item, f"value {item.text!r} is twice in matrix {name!r}")
        seen.append(value)


def _exclude(exclude: Node, axes: dict[str, Node]) -> Iterator[Finding]:
    for item in exclude.items:
        for key, value in item.entries:
            if key.text not in axes:
                known = ", ".join(axes) or "none"
                message = f"'exclude' names {key.text!r}, which is no key of the matrix: {known}"
                yield error("matrix-exclude", key, message)
            elif not _among(value, axes[key.text]):
                message = f"'exclude' names a value that matrix {key.text!r} does not have"
                yield error("matrix-exclude", value, message)


def _among(value: Node, values: Node) -> bool:
    if not values.is_sequence:
        return True
    if any(is_expression(part) for part in (*value.scalars(), *values.scalars())):
        return True
    return any(_matches(value.plain(), item.plain()) for item in values.items)


def _matches(filtered: Any, value: Any) -> bool:
    if isinstance(filtered, dict) and isinstance(value, dict):
        return all(key in value and _matches(v, value[key]) for key, v in filtered.items())
    return bool(filtered == value)


def combinations(job: Job) -> list[dict[str, Any]] | None:
    """The legs of a job's matrix in GitHub's order; None when only known at run time.

    A job without a matrix has one leg, with nothing in it.
    """
    matrix = job.matrix
    if matrix is None:
        return [{}]
    if not matrix.is_mapping or any(is_expression(value) for _, value in matrix.pairs()):
        return None
    axes = {n: v.plain() for n, v in matrix.pairs() if n not in ("include", "exclude")}
    if any(not isinstance(values, list) for values in axes.values()):
        return None
    if _size(axes) > _MOST_LEGS * 4:
        return [{} for _ in range(_MOST_LEGS + 1)]
    rows = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    legs = [row for row in rows if not _excluded(row, matrix.get("exclude"))] if axes else []
    return _included(legs, matrix.get("include"), list(axes))


def _size(axes: dict[str, list[Any]]) -> int:
    total = 1
    for values in axes.values():
        total *= max(1, len(values))
    return total


def _excluded(row: dict[str, Any], exclude: Node | None) -> bool:
    filters = exclude.plain() if exclude is not None else []
    return any(
        isinstance(entry, dict)
        and all(key in row and _matches(value, row[key]) for key, value in entry.items())
        for entry in filters or []
    )


def _included(
    legs: list[dict[str, Any]], include: Node | None, axes: list[str]
) -> list[dict[str, Any]]:
    """Add `include`: to every leg whose own values it does not change, else as a leg of its own."""
    result = [dict(leg) for leg in legs]
    for entry in (include.plain() if include is not None else []) or []:
        if not isinstance(entry, dict):
            continue
        fitting = [
            index
            for index, leg in enumerate(legs)
            if all(leg[key] == entry[key] for key in axes if key in entry)
        ]
        for index in fitting:
            result[index].update(entry)
        if not fitting:
            result.append(dict(entry))
    return result
