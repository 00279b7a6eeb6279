"""The schema of what starts a workflow: events, their filters and their inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.workflow.shapes import (
    any_scalar,
    anything,
    boolean,
    by_kind,
    choice,
    identifier,
    listing,
    map_of,
    mapping,
    nothing_or,
    one_or_many,
    text,
    words,
)

if TYPE_CHECKING:
    from pipelines.workflow.shapes import Shape

_dispatch_input = mapping(
    {
        "description": any_scalar,
        "required": boolean,
        "default": any_scalar,
        "deprecationMessage": text,
        "type": choice(("string", "choice", "boolean", "number", "environment")),
        "options": listing(any_scalar, least=1),
    }
)
_call_input = mapping(
    {
        "description": any_scalar,
        "required": boolean,
        "default": any_scalar,
        "deprecationMessage": text,
        "type": choice(("string", "boolean", "number")),
    },
    required=("type",),
)
_call_secret = nothing_or(mapping({"description": any_scalar, "required": boolean}))
_call_output = mapping({"description": any_scalar, "value": any_scalar}, required=("value",))

_patterns = one_or_many(text)
_filters: dict[str, Shape] = {
    "types": _patterns,
    "branches": _patterns,
    "branches-ignore": _patterns,
    "tags": _patterns,
    "tags-ignore": _patterns,
    "paths": _patterns,
    "paths-ignore": _patterns,
}
_plain_event = nothing_or(mapping({"types": _patterns}))
_schedule = listing(mapping({"cron": text, "timezone": text}, required=("cron",)), least=1)
_events: dict[str, Shape] = {
    "push": nothing_or(mapping({k: v for k, v in _filters.items() if k != "types"})),
    "pull_request": nothing_or(mapping({k: v for k, v in _filters.items() if "tags" not in k})),
    "pull_request_target": nothing_or(
        mapping({k: v for k, v in _filters.items() if "tags" not in k})
    ),
    "merge_group": nothing_or(
        mapping(
            {k: v for k, v in _filters.items() if k in ("types", "branches", "branches-ignore")}
        )
    ),
    "workflow_run": mapping(
        {
            "types": _patterns,
            "branches": _patterns,
            "branches-ignore": _patterns,
            "workflows": _patterns,
        },
        required=("workflows",),
    ),
    "workflow_dispatch": nothing_or(
        mapping({"inputs": nothing_or(map_of(nothing_or(_dispatch_input), names=identifier))})
    ),
    "workflow_call": nothing_or(
        mapping(
            {
                "inputs": nothing_or(map_of(_call_input, names=identifier)),
                "secrets": nothing_or(map_of(_call_secret, names=identifier)),
                "outputs": nothing_or(map_of(_call_output, names=identifier)),
            }
        )
    ),
    "schedule": _schedule,
    "image_version": anything,
    **dict.fromkeys(
        words(
            "branch_protection_rule check_run check_suite create delete deployment "
            "deployment_status discussion discussion_comment fork gollum issue_comment issues "
            "label milestone page_build project project_card project_column public "
            "pull_request_review pull_request_review_comment registry_package release "
            "repository_dispatch status watch"
        ),
        _plain_event,
    ),
}
EVENTS = frozenset(_events)

on = by_kind(
    scalar=choice(sorted(EVENTS)),
    sequence=listing(choice(sorted(EVENTS)), least=1),
    mapping=mapping(_events),
)
