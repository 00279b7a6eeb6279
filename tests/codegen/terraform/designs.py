"""The designs whose infrastructure is applied: examples, shared ones, one with every resource."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lld.model import Design, Endpoint, Resource, Trigger
from tests.codegen.terraform.build import make_design, make_function, make_index, make_table
from tests.conftest import ROOT

EXAMPLES = sorted((ROOT / "templates" / "examples").glob("*.md"))
SHARED = sorted((ROOT.parent / "shared" / "llds").glob("*.md"))
DOCUMENTS = [pytest.param(path, id=path.stem) for path in (*EXAMPLES, *SHARED)] + [
    pytest.param(None, id="shared", marks=pytest.mark.skip(reason="no ../shared/llds here"))
] * (not SHARED)


def every_resource() -> Design:
    """A design with every kind of caller, trigger and resource at once."""
    usual = make_design()
    bus, topic = "bbws-note-events-{env}", "bbws-note-news-{env}"
    queue = {"topic": topic, "concurrency": 5, "batch_size": 5, "batch_window_s": 1}
    accesses = ("none", "jwt", "api_key", "iam", None)
    routes = [Endpoint("GET", f"/v1.0/a{n}/{{id}}", n, auth=a) for n, a in enumerate(accesses)]
    workers = {
        "read_queue": (Trigger.SQS, "bbws-note-import-{env}"),
        "read_topic": (Trigger.SNS, topic),
        "read_bucket": (Trigger.S3, "bbws-note-files-{env}"),
        "read_stream": (Trigger.DYNAMODB_STREAM, "bbws-notes-{env}"),
        "read_bus": (Trigger.EVENTBRIDGE, "note.created"),
        "read_clock": (Trigger.SCHEDULE, "daily at 02:30"),
    }
    return replace(
        usual,
        endpoints=(*usual.endpoints, *routes),
        functions=(
            *usual.functions,
            *(make_function(name, kind, source=source) for name, (kind, source) in workers.items()),
        ),
        tables=(make_table(ttl_attribute="expiresAt", gsis=(make_index(),)),),
        resources=(
            Resource("sqs", "bbws-note-import-{env}", details=queue),
            Resource("sns", topic),
            Resource("s3", "bbws-note-files-{env}"),
            Resource("eventbridge", bus, details={"kind": "bus"}),
        ),
    )
