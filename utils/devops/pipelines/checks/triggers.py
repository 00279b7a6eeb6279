"""What starts a workflow: filters that exclude each other, times, types, inputs."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from pipelines.workflow.findings import Finding, error, warning
from pipelines.workflow.model import EMPTY, Workflow
from pipelines.workflow.shapes import words
from pipelines.workflow.yaml_tree import Kind, Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day", 1, 31),
    ("month", 1, 12),
    ("weekday", 0, 7),
)
_NAMES = {
    "month": words("jan feb mar apr may jun jul aug sep oct nov dec"),
    "weekday": words("sun mon tue wed thu fri sat"),
}
_TYPES = {
    "pull_request": words(
        "assigned unassigned labeled unlabeled opened edited closed reopened synchronize "
        "converted_to_draft locked unlocked enqueued dequeued milestoned demilestoned "
        "ready_for_review review_requested review_request_removed auto_merge_enabled "
        "auto_merge_disabled"
    ),
    "release": words("published unpublished created edited deleted prereleased released"),
    "issues": words(
        "opened edited deleted transferred pinned unpinned closed reopened assigned unassigned "
        "labeled unlabeled locked unlocked milestoned demilestoned typed untyped "
        "field_added field_removed"
    ),
    "issue_comment": words("created edited deleted pinned unpinned"),
    "workflow_run": words("completed requested in_progress"),
    "merge_group": ["checks_requested"],
    "label": words("created edited deleted"),
    "milestone": words("created closed opened edited deleted"),
    "watch": ["started"],
    "pull_request_review": words("submitted edited dismissed"),
    "pull_request_review_comment": words("created edited deleted"),
    "check_suite": ["completed"],
    "check_run": words("created rerequested completed requested_action"),
}
_TYPES["pull_request_target"] = _TYPES["pull_request"]
_EXCLUSIVE = (("branches", "branches-ignore"), ("tags", "tags-ignore"), ("paths", "paths-ignore"))
_MOST_INPUTS = 25
_SHORTEST_MINUTES = 5
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def check(workflow: Workflow, siblings: Sequence[Workflow] = ()) -> Iterator[Finding]:
    """Findings about each event that starts the workflow; `siblings` are its neighbours."""
    for name, settings in workflow.events.items():
        yield from _filters(settings)
        yield from _patterns(settings)
        yield from _types(name, settings)
        if name == "schedule":
            yield from _schedule(settings)
        if name == "pull_request_target":
            message = "pull_request_target runs with secrets on behalf of strangers' changes"
            yield warning(
                "dangerous-trigger",
                workflow.event_nodes[name],
                message,
                hint="use pull_request unless the job never checks the change out",
            )
    yield from _followed(workflow, siblings)
    yield from _inputs(workflow)


def _followed(workflow: Workflow, siblings: Sequence[Workflow]) -> Iterator[Finding]:
    """`workflow_run` waits for a name; nothing ever starts when no workflow has it."""
    names = (workflow.events.get("workflow_run") or EMPTY).get("workflows")
    if names is None or workflow.path.parent.parts[-2:] != (".github", "workflows"):
        return
    known = {other.name for other in (workflow, *siblings)}
    for node in names.texts():
        if node.text not in known and not re.search(r"[*?\[]", node.text):
            message = f"no workflow of this repository is named {node.text!r}"
            yield warning(
                "event-workflow", node, message, hint=f"named: {', '.join(sorted(known))}"
            )


def _filters(settings: Node) -> Iterator[Finding]:
    for one, other in _EXCLUSIVE:
        if settings.get(one) is not None and (key := settings.key(other)) is not None:
            yield error("event-filter", key, f"{one!r} and {other!r} exclude each other")


def _patterns(settings: Node) -> Iterator[Finding]:
    for key in (name for pair in _EXCLUSIVE for name in pair):
        patterns = settings.get(key)
        for node in patterns.texts() if patterns is not None else ():
            if problem := pattern_problem(node.text, is_path=key.startswith("paths")):
                yield error("event-filter", node, f"pattern {node.text!r}: {problem}")


def pattern_problem(pattern: str, *, is_path: bool = False) -> str | None:
    """What is wrong with a filter pattern for branches, tags or paths, if anything."""
    body = pattern.removeprefix("!")
    if not body:
        return "there is nothing after '!'" if pattern else "it is empty"
    if body != body.strip():
        return "it begins or ends with a space"
    if body.startswith(("./", "../")) or (not is_path and body.startswith("/")):
        return f"it begins with {body.split('/')[0] + '/'!r}"
    if body in (".", ".."):
        return "it names a folder, and only files change"
    if not is_path and re.search(r"[\s~^:]|\.\.|//|/$|\\(?![\[?+*\\!])", body):
        return "no branch or tag can have such a name"
    if quantifier := re.search(r"(?<!\\)(?:^|[*?+])([?+])", body):
        return f"nothing stands before {quantifier[1]!r} that it could repeat"
    return _bracket_problem(body)


def _bracket_problem(body: str) -> str | None:
    for match in re.finditer(r"(?<!\\)\[(?P<inside>[^\]]*)(?P<end>\]?)", body):
        if not match["end"]:
            return "'[' is not closed"
        for low, high in re.findall(r"(.)-(.)", match["inside"]):
            if low > high:
                return f"range '{low}-{high}' runs backwards"
    return None


def _types(name: str, settings: Node) -> Iterator[Finding]:
    types = settings.get("types")
    known = _TYPES.get(name)
    if types is None or known is None:
        return
    for node in types.texts():
        if node.text not in known:
            message = f"{name!r} has no activity type {node.text!r}"
            yield error("event-type", node, message, hint=f"known: {', '.join(known)}")


def _schedule(settings: Node) -> Iterator[Finding]:
    for item in settings.items:
        cron = item.get("cron") if item.is_mapping else None
        if cron is not None and (problem := cron_problem(cron.text)):
            yield error("event-schedule", cron, f"cron {cron.text!r}: {problem}")
        zone = item.get("timezone") if item.is_mapping else None
        if zone is not None and not _is_timezone(zone.text):
            yield error("event-schedule", zone, f"there is no time zone {zone.text!r}")


def _is_timezone(name: str) -> bool:
    """Whether this machine's time zones have it; anything passes where it has none."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    for wanted in ("Etc/UTC", name):
        try:
            ZoneInfo(wanted)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return wanted != name
    return True


def cron_problem(expression: str) -> str | None:
    """What is wrong with a POSIX cron expression, if anything."""
    parts = expression.split()
    if len(parts) != len(_FIELDS):
        return f"{len(parts)} fields instead of {len(_FIELDS)}"
    for (field, low, high), part in zip(_FIELDS, parts, strict=True):
        for entry in part.split(","):
            if problem := _entry_problem(entry.lower(), field, low, high):
                return problem
    if _never_comes(parts[2], parts[3]):
        return "there is no such day"
    minutes = sorted(set(_minutes(parts[0])))
    gaps = [later - earlier for earlier, later in pairwise(minutes)]
    if gaps and min(gaps) < _SHORTEST_MINUTES:
        return (
            f"it is due every {min(gaps)} minutes; GitHub starts one in {_SHORTEST_MINUTES} at most"
        )
    return None


def _never_comes(days: str, months: str) -> bool:
    """Whether the months that are named all end before the days."""
    if not re.fullmatch(r"[\d,]+", days) or not re.fullmatch(r"[\d,]+", months):
        return False
    longest = max(_LONGEST[int(month) - 1] for month in months.split(","))
    return min(int(day) for day in days.split(",")) > longest


def _minutes(field: str) -> Iterator[int]:
    """The minutes of an hour that a valid minute field names."""
    for entry in field.split(","):
        base, _, step = entry.partition("/")
        low, _, high = ("0", "-", "59") if base == "*" else base.partition("-")
        last = int(high) if high else 59 if step else int(low)
        yield from range(int(low), last + 1, int(step or 1))


def _entry_problem(entry: str, field: str, low: int, high: int) -> str | None:
    base, _, step = entry.partition("/")
    if "/" in entry and (not step.isdigit() or int(step) == 0):
        return f"{field} {entry!r}: a step is a number above 0"
    if base == "*":
        return None
    numbers = []
    for bound in base.split("-"):
        names = _NAMES.get(field, ())
        if bound in names:
            bound = str(names.index(bound) + (field == "month"))
        if not re.fullmatch(r"\d+", bound) or not low <= int(bound) <= high:
            return f"{field} {bound!r} is not between {low} and {high}"
        numbers.append(int(bound))
    if len(numbers) > 2 or numbers != sorted(numbers):
        return f"{field} {base!r} is no range"
    return None


def _inputs(workflow: Workflow) -> Iterator[Finding]:
    declared = workflow.inputs("workflow_dispatch")
    if len(declared.entries) > _MOST_INPUTS:
        message = f"{len(declared.entries)} inputs, GitHub accepts {_MOST_INPUTS}"
        yield error("event-input", workflow.event_nodes["workflow_dispatch"], message)
    for key, settings in declared.entries:
        yield from _dispatch_input(key, settings)
    for name, settings in workflow.inputs("workflow_call").pairs():
        kind = settings.get("type")
        yield from _default_fits(name, settings, kind.text if kind else "string")


def _dispatch_input(key: Node, settings: Node) -> Iterator[Finding]:
    name, kind = key.text, settings.get("type") or EMPTY
    options = settings.key("options")
    if kind.text == "choice":
        if options is None:
            yield error("event-input", kind, f"input {name!r} is a choice without options")
            return
        yield from _options(name, settings)
    elif options is not None:
        message = f"input {name!r} has options but its type is {kind.text or 'string'!r}"
        yield error("event-input", options, message)
    yield from _default_fits(name, settings, kind.text or "string")


def _options(name: str, settings: Node) -> Iterator[Finding]:
    options = (settings.get("options") or EMPTY).texts()
    texts = [option.text for option in options]
    for index, option in enumerate(options):
        if option.text in texts[:index]:
            message = f"option {option.text!r} of input {name!r} is there twice"
            yield error("event-input", option, message)
    default = settings.get("default")
    if default is not None and default.text not in texts:
        message = f"default {default.text!r} of input {name!r} is not among its options"
        yield error("event-input", default, message)


def _default_fits(name: str, settings: Node, kind: str) -> Iterator[Finding]:
    default = settings.get("default")
    if default is None or "${{" in default.text:
        return
    fits = {
        "boolean": default.kind is Kind.BOOLEAN,
        "number": default.kind in (Kind.INTEGER, Kind.FLOAT),
    }
    if not fits.get(kind, True):
        message = f"default {default.text!r} of input {name!r} is not a {kind}"
        yield error("event-input", default, message)
