"""Designs that mean harm: a text in every field that could break out of where it is put."""

from __future__ import annotations

import dataclasses

from lld.model import (
    Design,
    Endpoint,
    EnvironmentVariable,
    Model,
    ModelField,
    ModelKind,
    Requirement,
    Resource,
    Trigger,
)
from tests.codegen.terraform.build import make_design, make_function, make_index, make_table

HOSTILE = (
    "../../x",
    'a"; import os',
    '${file("/etc/passwd")}',
    "{{ 7*7 }}",
    "%{ for x in y }",
    "'; DROP TABLE x; --",
    "one\ntwo",
    "а\u0435\u200bx",
    "class",
    "n" * 300,
    "${var.account_id}",
    "$${already} %%{escaped}",
    'x"\n}\nresource "null_resource" "y" {',
    "<<EOT\nEOT",
    "*/ // # /*",
    "ends with a backslash\\",
    "tab\tnul\x00bell\x07\u202eright to left",
    "{env}${env}",
)
"""Texts that mean something to Terraform, to a template or to a path, or are no name at all."""


def hostile(text: str) -> Design:
    """A design with the text in every field that Terraform sees."""
    usual = make_design()
    return dataclasses.replace(
        usual,
        document=text,
        title=text,
        lld_id=text,
        service=text,
        repository=text,
        functions=(
            *usual.functions,
            make_function(text, method="GET", path=f"/x/{text}", description=text),
            make_function(text.swapcase(), Trigger.SQS, source=text, description=text),
            make_function(text + "e", Trigger.EVENTBRIDGE, source=text),
            make_function(text + "s", Trigger.SCHEDULE, source=text),
        ),
        endpoints=(*usual.endpoints, Endpoint("GET", f"/y/{text}", 1, auth=text, summary=text)),
        tables=(
            make_table(text, partition_key=text, gsis=(make_index(text, partition_key=text),)),
            make_table(text.upper(), line=21, ttl_attribute=text, stream=text),
        ),
        models=(Model(text, ModelKind.PYDANTIC, (ModelField(text, text),), 1),),
        environment_variables=(
            EnvironmentVariable(text, value=text),
            EnvironmentVariable("PLAIN", value=text),
            EnvironmentVariable("SOME_PASSWORD", secret=True, description=text),
        ),
        resources=tuple(
            Resource(kind, text, details={"topic": text, "target": text, "source": text})
            for kind in ("sqs", "sns", "s3", "eventbridge", "secret", "ses")
        ),
        requirements=(Requirement(text, text),),
        tags={text: text, "Project": text, "Component": text},
    )
