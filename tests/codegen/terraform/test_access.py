from __future__ import annotations

import re
from dataclasses import replace

from lld.model import Endpoint, IndexKey, ModelField, Parameter, Resource, Trigger
from tests.codegen.terraform.build import (
    block,
    function_of,
    grant_of,
    make_design,
    make_function,
    make_table,
    points,
    rendered,
    view,
)


def test_create_may_put_and_nothing_else():
    grant = grant_of(view(), "create_note", "Table")
    assert grant is not None
    assert grant.actions == ("dynamodb:PutItem",)
    assert grant.resources == ("aws_dynamodb_table.notes.arn",)


def test_get_may_read_one_item():
    grant = grant_of(view(), "get_note", "Table")
    assert grant is not None
    assert grant.actions == ("dynamodb:GetItem",)


def test_list_may_query():
    grant = grant_of(view(), "list_notes", "Table")
    assert grant is not None
    assert grant.actions == ("dynamodb:Query",)


def test_every_api_function_may_look_at_the_state_of_the_tables():
    for function in view().functions:
        assert any(grant.actions == ("dynamodb:DescribeTable",) for grant in function.grants)


def test_an_operation_that_is_not_implemented_gets_no_table_and_an_open_point():
    path = "/v1.0/owners/{ownerId}/notes/{noteId}/sparkle"
    function = make_function("sparkle_note", method="POST", path=path)
    seen = view(make_design(functions=(function,), endpoints=(Endpoint("POST", path, 30),)))
    assert grant_of(seen, "sparkle_note", "Table") is None
    assert f"POST {path} (not implemented)" in points(seen)


def test_trap_7_4_nothing_is_widened_to_a_wildcard():
    resource = Resource("sqs", "bbws-note-import-{env}")
    worker = make_function("import_notes", Trigger.SQS, source="bbws-note-import-{env}")
    design = make_design(resources=(resource,))
    text = rendered(make_design(functions=(*design.functions, worker), resources=(resource,)))
    actions = re.findall(r'"([a-z0-9-]+:[A-Za-z*]+)"', text["iam.tf"])
    assert not [action for action in actions if "*" in action]
    wild = [line.strip() for line in text["iam.tf"].splitlines() if '"*"' in line]
    # X-Ray's two actions take no narrower resource; the line above says so.
    assert wild == ['resources = ["*"]']


def test_each_function_has_a_role_of_its_own():
    role = block(rendered()["iam.tf"], "resource", "aws_iam_role", "function")
    assert "for_each = local.functions" in role


def test_a_function_that_queues_may_send_to_the_one_queue():
    queue = Resource("sqs", "bbws-note-import-{env}")
    function = make_function("import_later", description="Note it and queue the import")
    seen = view(make_design(functions=(function,), endpoints=(), resources=(queue,)))
    grant = grant_of(seen, "import_later", "SendTo")
    assert grant is not None
    assert grant.actions == ("sqs:SendMessage",)


def test_a_function_that_queues_to_one_of_two_unnamed_queues_may_send_to_none():
    queues = (Resource("sqs", "bbws-note-a-{env}"), Resource("sqs", "bbws-note-b-{env}"))
    function = make_function("import_later", description="Queue the import")
    seen = view(make_design(functions=(function,), endpoints=(), resources=queues))
    assert grant_of(seen, "import_later", "SendTo") is None


def test_the_key_of_page_tokens_is_read_by_lists_only():
    seen = view()
    assert grant_of(seen, "list_notes", "Secrets") is not None
    assert grant_of(seen, "get_note", "Secrets") is None


def test_functions_of_different_tables_reach_only_their_own():
    tables = (make_table(), make_table("bbws-others-{env}", line=21))
    seen = view(make_design(tables=tables))
    grant = grant_of(seen, "get_note", "Table")
    assert grant is None or grant.resources == ("aws_dynamodb_table.notes.arn",)
    assert function_of(seen, "get_note").grants


def named_grants(description, *resources, name="run_export"):
    function = make_function(name, Trigger.SCHEDULE, source="rate(1 hour)", description=description)
    seen = view(make_design(functions=(function,), endpoints=(), resources=resources))
    return {grant.sid: grant for grant in function_of(seen, name).grants}


def test_a_function_that_stores_may_write_objects_of_the_bucket_it_names():
    buckets = (Resource("s3", "bbws-note-files-{env}"), Resource("s3", "bbws-note-logs-{env}"))
    grants = named_grants("Store the page in bbws-note-files-{env}", *buckets)
    assert grants["StoreIn"].resources == ('"${aws_s3_bucket.this["files"].arn}/*"',)


def test_a_function_that_publishes_may_publish_to_the_only_topic():
    grants = named_grants("Publish what changed", Resource("sns", "bbws-note-news-{env}"))
    assert grants["PublishTo"].resources == ('aws_sns_topic.this["news"].arn',)


def test_a_function_that_emits_may_put_events_on_the_bus():
    bus = Resource("eventbridge", "bbws-note-events-{env}")
    assert named_grants("Emit note.created", bus)["EmitTo"].actions == ("events:PutEvents",)


def test_a_function_that_says_nothing_of_it_may_send_nothing():
    everything = (Resource("sqs", "a-{env}"), Resource("sns", "b-{env}"), Resource("s3", "ccc"))
    assert set(named_grants("Tidy up", *everything)) == {"Handled", "Key"}


def test_an_authorizer_has_no_table():
    function = make_function("check_token", Trigger.AUTHORIZER)
    seen = view(make_design(functions=(function,), endpoints=()))
    assert [grant.sid for grant in function_of(seen, "check_token").grants] == ["Key"]


def test_a_list_with_a_filter_queries_the_table_and_the_index():
    usual = make_design()
    filtered = replace(usual.endpoints[2], parameters=(Parameter("day", "query", "string"),))
    keys = (IndexKey("ByDay", "OWNER#{ownerId}#DAY#{day}", "{noteId}"),)
    note = replace(usual.models[0], fields=(*usual.models[0].fields, ModelField("day", "str")))
    design = replace(
        usual,
        endpoints=(*usual.endpoints[:2], filtered),
        entities=(replace(usual.entities[0], index_keys=keys),),
        models=(note,),
    )
    seen = view(design)
    table, indexes = (grant_of(seen, "list_notes", sid) for sid in ("Table", "Indexes"))
    assert table is not None
    assert table.actions == ("dynamodb:Query",)
    assert indexes is not None
    assert indexes.resources == ('"${aws_dynamodb_table.notes.arn}/index/ByDay"',)


def test_a_list_of_an_index_does_not_reach_the_table():
    usual = make_design()
    path = "/v1.0/days/{day}/notes"
    keys = (IndexKey("ByDay", "DAY#{day}", "{noteId}"),)
    note = replace(usual.models[0], fields=(*usual.models[0].fields, ModelField("day", "str")))
    design = replace(
        usual,
        functions=(make_function("list_day", method="GET", path=path),),
        endpoints=(Endpoint("GET", path, 1),),
        entities=(replace(usual.entities[0], index_keys=keys),),
        models=(note,),
    )
    seen = view(design)
    table, indexes = (grant_of(seen, "list_day", sid) for sid in ("Table", "Indexes"))
    assert table is None
    assert indexes is not None


def test_a_queue_that_prose_names_is_the_one_to_send_to():
    queues = [Resource("sqs", f"bbws-note-{name}-{{env}}") for name in ("creation", "import")]
    grants = named_grants("Check it and publish to NoteCreationQueue", *queues)
    assert grants["SendTo"].resources == ('aws_sqs_queue.this["creation"].arn',)


def test_a_bucket_for_other_things_is_no_place_to_store_in():
    templates = Resource("s3", "bbws-mail-templates-{env}")
    assert "StoreIn" not in named_grants("Make the page and store it in S3", templates)
    assert "StoreIn" in named_grants("Make the page and store it in the bucket", templates)
