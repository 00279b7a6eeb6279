"""Workflows rendered from `templates/workflows`, in memory.

The templates have delimiters of their own, `[= value =]`, `[% statement %]` and `[# comment #]`, so
that GitHub's `${{ }}` passes through untouched. Every value that lands in a workflow was checked
when its `PipelineService` was made.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from common.environments import FAILOVER, Environment, environments
from common.errors import UnavailableError
from common.home import HOME
from common.template_cache import template_cache
from pipelines.generation.pins import pins

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jinja2 import Environment as Renderer

    from pipelines.generation.service import PipelineService

TEMPLATES = HOME / "templates" / "workflows"

GATE = "CI gate"
"""Name of the job that reports for all of CI: the one check that a branch has to require."""

ROLE_VARIABLE = "AWS_ROLE_ARN"
"""The environment's variable that holds the role its jobs assume."""

COVERAGE = 80
RUNNER = "ubuntu-24.04"
TERRAFORM = "1.11.4"


class Pipeline(Enum):
    """The pipelines there are; the value is the name of the workflow's file."""

    CI = "ci.yml"
    DEPLOY_DEV = "deploy-dev.yml"
    PROMOTE_SIT = "promote-sit.yml"
    PROMOTE_PROD = "promote-prod.yml"
    ROLLBACK = "rollback.yml"
    RELEASE = "release.yml"

    @property
    def path(self) -> str:
        """Where the workflow lives in a repository."""
        return f".github/workflows/{self.value}"


_NEEDS = {Pipeline.DEPLOY_DEV: Pipeline.CI}
"""The workflow that a pipeline calls, which is then written with it."""

_TARGETS = {Pipeline.PROMOTE_SIT: "sit", Pipeline.PROMOTE_PROD: "prod"}


def workflow_files(
    service: PipelineService, chosen: Iterable[Pipeline] = tuple(Pipeline)
) -> Iterator[tuple[str, str]]:
    """Path and text of the chosen pipelines and of the workflows they call.

    Raises:
        UnavailableError: The templates are missing or do not render.
    """
    for pipeline in _with_needs(chosen):
        target = environments().get(_TARGETS.get(pipeline, ""))
        yield pipeline.path, _render(pipeline.value, service, target)


def _with_needs(chosen: Iterable[Pipeline]) -> list[Pipeline]:
    wanted = set(chosen)
    wanted |= {_NEEDS[pipeline] for pipeline in wanted if pipeline in _NEEDS}
    return [pipeline for pipeline in Pipeline if pipeline in wanted]


def deployment_environments() -> list[Environment]:
    """The environments that workflows deploy to, in promotion order; failover twins are not."""
    twins = set(FAILOVER.values())
    return [row for name, row in environments().items() if name not in twins]


def _render(template: str, service: PipelineService, target: Environment | None = None) -> str:
    from jinja2 import TemplateError

    values: dict[str, Any] = {
        "service": service.name,
        "python": service.python_version,
        "terraform": service.terraform_path,
        "terraform_version": TERRAFORM,
        "accounts": {row.name: row for row in deployment_environments()},
        "target": target,
        "role_variable": ROLE_VARIABLE,
        "gate": GATE,
        "coverage": COVERAGE,
        "runner": RUNNER,
        "uses": _uses,
    }
    try:
        return _renderer().get_template(template).render(values)
    except TemplateError as error:
        raise UnavailableError(f"workflow template {template!r}: {error}") from error


def _uses(action: str) -> str:
    return pins()[action].reference


@cache
def _renderer() -> Renderer:
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        variable_start_string="[=",
        variable_end_string="=]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        bytecode_cache=template_cache(TEMPLATES),
    )
