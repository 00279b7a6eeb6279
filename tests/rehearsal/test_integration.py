"""`integration`: requests made from a document, answers judged, everything made removed again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import boto3
import pytest
from click.testing import CliRunner

from common.accounts import ValidatedSession
from common.environments import environment
from common.errors import RefusedError, UnavailableError, UsageProblemError
from deploy.clock import Clock
from deploy.resources import Resources
from deploy.site import Site
from pipeline_test import cli
from rehearsal.api_document import api_document, read_openapi
from rehearsal.deployed_api import api_address
from rehearsal.integration.door import Door
from rehearsal.integration.judging import is_error_line, schema_problems
from rehearsal.integration.plan import plan, planned
from rehearsal.integration.report import as_data, as_text, keep
from rehearsal.integration.run import IntegrationRun
from rehearsal.integration.walk import Walk
from rehearsal.made_up import CannotMakeUpError, made_up
from tests.conftest import ROOT
from tests.rehearsal.api import DOCUMENT, Api, serve

NOTES = "/v1/shelves/{shelfId}/notes"
NOTE = f"{NOTES}/{{noteId}}"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setenv("BBWS_TEST_TOKEN", "a-test-token")
    made = Api()
    server = serve(made)
    yield made
    server.shutdown()
    server.server_close()


def walked(api: Api, *, read_only: bool = False) -> Walk:
    session = boto3.session.Session(region_name="eu-west-1")
    walk = Walk(Door(api.url, session, "eu-west-1"), DOCUMENT)
    walk.go(plan(DOCUMENT), read_only=read_only)
    return walk


def failures(walk: Walk) -> dict[str, str]:
    return {case.name: case.failure.splitlines()[0] for case in walk.cases if case.failure}


def finished(walk: Walk) -> IntegrationRun:
    return IntegrationRun(
        "notes", "dev", "http://x", False, tuple(walk.cases), tuple(walk.left_behind)
    )


def test_a_good_api_passes_and_is_left_as_it_was(api: Api) -> None:
    walk = walked(api)
    assert failures(walk) == {}
    assert (api.notes, walk.left_behind) == ({}, [])
    methods = {line.split()[0] for line in api.asked}
    assert methods == {"GET", "POST", "PUT", "DELETE"}
    assert finished(walk).exit_code == 0


def test_reading_only_sends_nothing_but_get(api: Api) -> None:
    walk = walked(api, read_only=True)
    assert failures(walk) == {}
    assert {line.split()[0] for line in api.asked} == {"GET"}


@pytest.mark.parametrize(
    ("fault", "case", "said"),
    [
        ("open-door", f"GET {NOTES} without credentials", "answered 200, 401 or 403 expected"),
        ("careless", f"POST {NOTES} with an empty body", "answered 500, 400 or 422 expected"),
        ("wrong-schema", f"POST {NOTES}", "$.size: 'big' is not of type 'integer'"),
        ("forgetful", f"GET {NOTES} with what was created", "was created and is not in the list"),
        ("odd-refusals", f"POST {NOTES} with an empty body", "is not of type 'object'"),
        ("odd-refusals", f"GET {NOTE} of what is not there", "'message' is a required property"),
        ("undeletable", f"DELETE {NOTE}", "answered 500, 204 expected"),
    ],
)
def test_a_fault_fails_its_case(api: Api, fault: str, case: str, said: str) -> None:
    api.faults.add(fault)
    walk = walked(api)
    assert said in failures(walk)[case]
    assert finished(walk).exit_code == 1


def test_an_update_that_changes_nothing_is_seen(api: Api) -> None:
    api.faults.add("ignores-updates")
    session = boto3.session.Session(region_name="eu-west-1")
    bodies = {f"PUT {NOTE}": {"text": "other", "size": 9}}
    walk = Walk(Door(api.url, session, "eu-west-1"), DOCUMENT, bodies)
    walk.go(plan(DOCUMENT), read_only=False)
    assert "'other' was sent" in failures(walk)[f"GET {NOTE} after PUT"]


@pytest.mark.parametrize("fault", ["wrong-schema", "forgetful", "ignores-updates"])
def test_what_was_created_is_removed_whatever_fails(api: Api, fault: str) -> None:
    api.faults.add(fault)
    assert walked(api).left_behind == []
    assert api.notes == {}


def test_what_cannot_be_removed_is_named(api: Api) -> None:
    api.faults.add("undeletable")
    (left,) = walked(api).left_behind
    assert left == f"{NOTES} {next(iter(api.notes))}"


def test_what_the_api_cannot_remove_is_only_made_when_asked_for(api: Api) -> None:
    item = {key: value for key, value in DOCUMENT["paths"][NOTE].items() if key != "delete"}
    document = {**DOCUMENT, "paths": {**DOCUMENT["paths"], NOTE: item}}
    session = boto3.session.Session(region_name="eu-west-1")
    careful = Walk(Door(api.url, session, "eu-west-1"), document)
    careful.go(plan(document), read_only=False)
    assert api.notes == {}
    asked = Walk(Door(api.url, session, "eu-west-1"), document, leave=True)
    asked.go(plan(document), read_only=False)
    assert (len(api.notes), len(asked.left_behind), failures(asked)) == (1, 1, {})


def test_a_post_that_makes_nothing_is_not_sent(api: Api) -> None:
    action = {"post": {"responses": {"200": {}}}}
    document = {**DOCUMENT, "paths": {"/v1/shelves/{shelfId}/close": action}}
    session = boto3.session.Session(region_name="eu-west-1")
    walk = Walk(Door(api.url, session, "eu-west-1"), document)
    walk.go(plan(document), read_only=False)
    assert [case.skipped for case in walk.cases][-1].startswith("what it changes cannot be told")
    assert api.asked == [f"POST /v1/shelves/rehearsal-{walk.mark}/close"]


def test_what_would_be_asked_and_changed_is_told_in_order() -> None:
    lines = planned(plan(DOCUMENT), read_only=False, leave=False)
    assert f"would ask GET {NOTE} without credentials, to be refused" in lines
    assert [line for line in lines if "ask" not in line] == [
        f"would create by POST {NOTES}",
        f"would change what was created by PUT {NOTE}",
        f"would remove what was created by DELETE {NOTE}",
    ]
    reading = planned(plan(DOCUMENT), read_only=True, leave=False)
    assert all(line.startswith("would ask GET ") for line in reading)


def test_an_interrupt_removes_what_was_created(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Walk, "_read_back", interrupted)
    with pytest.raises(KeyboardInterrupt):
        walked(api)
    assert api.notes == {}


def test_no_answer_is_a_failure(api: Api) -> None:
    api.url = "http://127.0.0.1:9"
    walk = walked(api, read_only=True)
    assert "no answer (ConnectionError)" in failures(walk)[f"GET {NOTES}"]


def test_the_token_reaches_no_report(api: Api, tmp_path: Path) -> None:
    run = finished(walked(api))
    keep(run, tmp_path)
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "a-test-token" not in written + as_text(run) + json.dumps(as_data(run))


def test_the_reports_tell_the_same(api: Api, tmp_path: Path) -> None:
    api.faults.add("forgetful")
    run = finished(walked(api))
    keep(run, tmp_path)
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    assert int(suite.get("failures", 0)) == run.failed == 1
    assert "is not in the list" in (tmp_path / "report.html").read_text()
    assert as_data(run)["not_exercised"]
    assert "Not exercised:" in as_text(run)


@pytest.mark.parametrize("env", ["sit", "prod"])
def test_sit_and_prod_are_only_read(env: str) -> None:
    result = CliRunner().invoke(cli, ["integration", "--env", env, "--service", "auth"])
    assert result.exit_code == 3
    assert "--read-only" in result.stderr


def test_examples_are_grouped_into_lives() -> None:
    from lld.openapi import openapi
    from lld.parse import parse_file

    design = next((ROOT / "templates" / "examples").glob("9.1.3*.md"))
    found = plan(openapi(parse_file(design)))
    lives = {c.path.rsplit("/", 1)[-1]: c for c in found.collections}
    assert {"libraries", "titles", "copies", "members", "loans"} <= set(lives)
    assert lives["titles"].item_parameter == "titleId"
    paths = [collection.path for collection in found.collections]
    assert paths.index(lives["libraries"].path) < paths.index(lives["titles"].path)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "format": "email"}, "rehearsal-ab12@example.com"),
        ({"type": "string", "maxLength": 4}, "ab12"),
        ({"type": "string", "minLength": 20}, "rehearsal-ab12xxxxxx"),
        ({"type": "string", "pattern": "^[A-Z]{3}[0-9]{3}$"}, "ABC123"),
        ({"type": ["string", "null"], "enum": ["b", "a"]}, "b"),
        ({"type": "integer", "exclusiveMinimum": 9}, 10),
        ({"type": "number", "maximum": 0.5}, 0.5),
        ({"type": "integer", "minimum": 1, "multipleOf": 5}, 5),
        ({"type": "array", "minItems": 2, "items": {"type": "boolean"}}, [False, False]),
        ({"anyOf": [{"type": "null"}, {"const": 7}]}, 7),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": 1}),
    ],
)
def test_values_are_made_up_within_their_schema(schema: dict[str, object], value: object) -> None:
    assert made_up(schema, {}, "ab12") == value


def test_what_cannot_be_made_up_is_skipped_with_a_way_out(api: Api) -> None:
    with pytest.raises(CannotMakeUpError, match=r"must match '\^\[xyz\]\{9\}\$'"):
        made_up({"type": "string", "pattern": "^[xyz]{9}$"}, {}, "m")
    loop = {"a": {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/a"}}}}
    with pytest.raises(CannotMakeUpError, match="without end"):
        made_up({"$ref": "#/a"}, loop, "m")


def test_null_is_absent_for_what_is_not_required() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"b": {"type": "string"}}}
    assert schema_problems(schema, {"a": 1, "b": None}, {}) == []
    assert schema_problems(schema, {"a": None}, {}) == ["$: 'a' is a required property"]


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        ('{"level": "ERROR", "message": "x"}', True),
        ('{"level": "INFO", "message": "NotFoundError: x"}', False),
        ("[ERROR] KeyError: 'x'", True),
        ("2026 Task timed out after 3.00 seconds", True),
        ("START RequestId: 1 Version: 3", False),
    ],
)
def test_a_line_of_a_log_is_an_error_by_its_level(line: str, bad: bool) -> None:
    assert is_error_line(line) is bad


def test_the_document_is_found_in_the_repository(tmp_path: Path) -> None:
    with pytest.raises(UsageProblemError, match="no design of 'notes'"):
        api_document("notes", tmp_path, None, None)
    (tmp_path / "openapi.json").write_text(json.dumps(DOCUMENT))
    assert api_document("notes", tmp_path, None, None) == DOCUMENT


@pytest.mark.parametrize("text", ["[]", "{", '{"paths": 3}'])
def test_what_is_no_document_is_unavailable(tmp_path: Path, text: str) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(text)
    with pytest.raises(UnavailableError):
        read_openapi(path)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:4000/dev", True),
        ("https://acme.wpdev.kimmyai.io", True),
        ("https://acme.wpsit.kimmyai.io", False),
        ("https://acme.wp.kimmyai.io", False),
        ("https://abc.execute-api.eu-west-1.amazonaws.com/dev", False),
    ],
)
def test_another_address_never_leads_out_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, url: str, allowed: bool
) -> None:
    monkeypatch.setenv("BBWS_API_URL", url)
    validated = ValidatedSession(boto3.session.Session(), environment("dev"), "arn")
    site = Site(environment("dev"), validated, "auth", None, Clock())
    resources = Resources(api_id="abc", stage="dev")
    if allowed:
        assert api_address(site, resources) == url
    else:
        with pytest.raises(RefusedError, match="cannot be told from production"):
            api_address(site, resources)
