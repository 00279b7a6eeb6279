"""The parts of a generated repository: each name gives the files of one concern.

A part is a function from the view of a service to its files; files of different parts never share a
path. `scaffold` takes all of them, each other generator its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from codegen.code import RenderedFile
from codegen.render import TEMPLATES
from codegen.views.service_view import ServiceView

Part = Callable[[ServiceView], Iterable[RenderedFile]]

_STATIC = TEMPLATES / "static"
_EVENT_FILES = frozenset({"src/utils/events.py", "src/utils/idempotency.py"})


def _lambda(view: ServiceView) -> Iterable[RenderedFile]:
    from codegen.sources.events import has_idempotency
    from codegen.sources.handlers import render_handlers
    from codegen.sources.models import render_models
    from codegen.sources.project import render_error_codes, render_idempotency_table
    from codegen.sources.repositories import render_repositories
    from codegen.sources.services import render_services

    wanted = set(_EVENT_FILES) if view.events else set()
    if not has_idempotency(view):
        wanted.discard("src/utils/idempotency.py")
    elif view.events:
        yield render_idempotency_table(view)
    for one in _static("src"):
        if one.path not in _EVENT_FILES or one.path in wanted:
            yield one
    yield render_error_codes(view)
    yield from render_models(view)
    yield from render_repositories(view)
    yield from render_services(view)
    yield from render_handlers(view)


def _tests(view: ServiceView) -> Iterable[RenderedFile]:
    from codegen.service_tests.files import render_tests

    yield from _static("tests")
    yield from render_tests(view)


def _api(view: ServiceView) -> Iterable[RenderedFile]:
    from codegen.api.document import render_api

    return render_api(view)


def _docker(view: ServiceView) -> Iterable[RenderedFile]:
    from codegen.sources.project import render_docker

    yield from render_docker(view)


def _project(view: ServiceView) -> Iterable[RenderedFile]:
    from codegen.sources.project import render_project

    yield from render_project(view)


def _workflows(view: ServiceView) -> Iterable[RenderedFile]:
    from pipelines.generation.build import workflow_files
    from pipelines.generation.service import PipelineService

    service = PipelineService(view.name, view.repository)
    return (RenderedFile(path, text) for path, text in workflow_files(service))


def _terraform(view: ServiceView) -> Iterable[RenderedFile]:
    from codegen.terraform.files import terraform_files

    return (RenderedFile(path, text) for path, text in terraform_files(view))


def _tools(_: ServiceView) -> Iterable[RenderedFile]:
    from codegen.tools import carried_tools

    return carried_tools()


PARTS: dict[str, Part] = {
    "lambda": _lambda,
    "tests": _tests,
    "api": _api,
    "docker": _docker,
    "terraform": _terraform,
    "project": _project,
    "workflows": _workflows,
    "tools": _tools,
}


def _static(folder: str) -> list[RenderedFile]:
    """Files that are the same in every service."""
    found = []
    for base, folders, names in os.walk(_STATIC / folder):
        folders[:] = sorted(one for one in folders if not one.startswith((".", "__")))
        for name in sorted(names):
            if name.endswith(".py"):
                path = Path(base) / name
                text = path.read_text(encoding="utf-8")
                found.append(RenderedFile(path.relative_to(_STATIC).as_posix(), text))
    return found
