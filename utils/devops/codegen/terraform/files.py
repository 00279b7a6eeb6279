"""The `terraform/` folder of a service, rendered from the view of its design.

Stages: `service` turns the view into checked names and expressions, the templates in
`templates/terraform` place them, `hcl.layout` gives the text the form `terraform fmt`
wants. Nothing here reads or writes files but the templates.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codegen.api.parameters import VALIDATOR, VALIDATORS
from codegen.quoting import markdown, markdown_code
from codegen.terraform import hcl
from codegen.terraform.service import terraform_view
from common.template_cache import template_cache

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import Environment as Jinja

    from codegen.terraform.view import TerraformView
    from codegen.views.service_view import ServiceView

TEMPLATES = Path(__file__).resolve().parents[4] / "templates" / "terraform"
_RETENTION = {"dev": 30, "sit": 90}
_RETENTION_LONGEST = 365
_IGNORED = ".terraform/\n*.tfplan\n*.tfstate\n*.tfstate.*\ncrash.log\n"


def terraform_files(service: ServiceView) -> Iterator[tuple[str, str]]:
    """Every file of the folder: path relative to the repository, and text."""
    view = terraform_view(service)
    checks = {"validator": VALIDATOR, "validators": VALIDATORS}
    for name in _files(view):
        yield f"terraform/{name}", hcl.layout(_rendered(f"{name}.j2", view=view, **checks))
    for environment in view.environments:
        values = {"view": view, "env": environment, "retention": _retention(view, environment.name)}
        stem = f"terraform/environments/{environment.name}"
        yield f"{stem}.tfvars", hcl.layout(_rendered("env.tfvars.j2", **values))
        yield f"{stem}.s3.tfbackend", hcl.layout(_rendered("backend.s3.tfbackend.j2", **values))
    yield "terraform/README.md", _rendered("README.md.j2", view=view).rstrip() + "\n"
    yield "terraform/.gitignore", _IGNORED


def _files(view: TerraformView) -> Iterator[str]:
    """The files that have something to say for this design."""
    yield from ("versions.tf", "backend.tf", "providers.tf", "main.tf", "variables.tf", "kms.tf")
    optional = {
        "dynamodb.tf": view.tables,
        "functions.tf": view.functions,
        "iam.tf": view.functions,
        "api.tf": view.paths,
        "queues.tf": view.queues or view.needs_failure_queue,
        "topics.tf": view.topics,
        "buckets.tf": view.buckets,
        "events.tf": view.bus or view.event_rules or view.schedules,
        "triggers.tf": view.queue_triggers
        or view.stream_triggers
        or view.topic_triggers
        or view.bucket_triggers,
        "secrets.tf": view.settings.secrets,
        "alarms.tf": view.functions,
        "dashboard.tf": view.functions,
        "outputs.tf": view.functions,
    }
    yield from (name for name, content in optional.items() if content)


def _retention(view: TerraformView, environment: str) -> int:
    return view.limits.log_retention_days or _RETENTION.get(environment, _RETENTION_LONGEST)


def _rendered(template: str, **values: Any) -> str:
    return _jinja().get_template(template).render(**values)


@cache
def _jinja() -> Jinja:
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    jinja = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        bytecode_cache=template_cache(TEMPLATES),
    )
    jinja.filters.update(
        q=hcl.quote,
        name=hcl.quote_name,
        key=hcl.key,
        hcl=hcl.value,
        comment=hcl.comment,
        md=markdown,
        code=markdown_code,
    )
    return jinja
