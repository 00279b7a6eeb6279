"""Small designs with defaults, and their rendered files: a test states only what matters to it."""

from __future__ import annotations

import re
from typing import Any

from codegen.terraform.files import terraform_files
from codegen.terraform.service import terraform_view
from codegen.terraform.view import FunctionView, Grant, TerraformView
from codegen.views.service_view import ServiceView, view_service
from lld.model import (
    Design,
    Endpoint,
    Entity,
    Function,
    Index,
    Model,
    ModelField,
    ModelKind,
    Table,
    Trigger,
)


def make_function(name: str = "get_note", trigger: Trigger = Trigger.API, **facts: Any) -> Function:
    """A function on line 10."""
    return Function(name=name, trigger=trigger, **{"line": 10, **facts})


def make_table(name: str | None = "bbws-notes-{env}", **facts: Any) -> Table:
    """A table with the usual keys."""
    return Table(
        **{"name": name, "line": 20, "partition_key": "PK", "sort_key": "SK", **facts},
    )


def make_index(name: str = "ByDay", **facts: Any) -> Index:
    """An index over GSI1PK and GSI1SK."""
    return Index(name, **{"partition_key": "GSI1PK", "sort_key": "GSI1SK", **facts})


def make_design(**facts: Any) -> Design:
    """A service that keeps notes: one table, create, get and list."""
    notes = "/v1.0/owners/{ownerId}/notes"
    usual: dict[str, Any] = {
        "document": "7.7.7_LLD_Note_Lambda.md",
        "title": "Note Lambda",
        "lld_id": "7.7.7",
        "service": "note",
        "repository": "2_bbws_note_lambda",
        "functions": (
            make_function("create_note", method="POST", path=notes),
            make_function("get_note", method="GET", path=f"{notes}/{{noteId}}"),
            make_function("list_notes", method="GET", path=notes),
        ),
        "endpoints": (
            Endpoint("POST", notes, 30, auth="jwt"),
            Endpoint("GET", f"{notes}/{{noteId}}", 31, auth="jwt"),
            Endpoint("GET", notes, 32, auth="jwt"),
        ),
        "tables": (make_table(gsis=(make_index(),)),),
        "entities": (Entity("Note", "OWNER#{ownerId}", "NOTE#{noteId}", 40),),
        "models": (
            Model(
                "Note",
                ModelKind.PYDANTIC,
                tuple(ModelField(name, "str") for name in ("ownerId", "noteId", "text")),
                50,
            ),
        ),
    }
    return Design(**{**usual, **facts})


def service(design: Design | None = None) -> ServiceView:
    """The code's view of a design."""
    return view_service(design or make_design())


def view(design: Design | None = None) -> TerraformView:
    """What templates see of a design."""
    return terraform_view(service(design))


def rendered(design: Design | None = None) -> dict[str, str]:
    """Text by path, without the leading `terraform/`."""
    files = terraform_files(service(design))
    return {path.removeprefix("terraform/"): text for path, text in files}


def function_of(seen: TerraformView, key: str) -> FunctionView:
    """The function with a key."""
    return next(function for function in seen.functions if function.key == key)


def grant_of(seen: TerraformView, key: str, sid: str) -> Grant | None:
    """A grant of a function, if it has it."""
    return next((grant for grant in function_of(seen, key).grants if grant.sid == sid), None)


def block(text: str, kind: str, label: str, name: str) -> str:
    """The text of one block, such as `resource "aws_lambda_alias" "live"`."""
    start = text.index(f'{kind} "{label}" "{name}" {{')
    return text[start : text.index("\n}\n", start) + 3]


def points(seen: TerraformView) -> str:
    """All open points, one a line."""
    return "\n".join(f"{point.line}: {point.text}" for point in seen.open_points)


def settings_of(text: str) -> dict[str, str]:
    """`name = value` lines of a file of variables."""
    return {found[1]: found[2] for found in re.finditer(r"(?m)^\s*(\w+)\s*=\s*(.+)$", text)}
