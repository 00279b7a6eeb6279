"""Rules of completeness and consistency, each on the smallest design that breaks it."""

from dataclasses import replace

import pytest

from lld.model import (
    AccessPattern,
    Design,
    Endpoint,
    Function,
    Index,
    Model,
    ModelField,
    ModelKind,
    Resource,
    Scenario,
    Table,
    Trigger,
)
from lld.validate import validate

COMPLETE = Design(
    "1.1.1_LLD_Kiosk_Lambda.md",
    "Kiosk",
    "1.1.1",
    "1.0",
    "HLD 1.1 Kiosk",
    "2_bbws_kiosk_lambda",
    "kiosk",
    functions=(Function("sell", Trigger.API, 5, "POST", "/sales", timeout_s=10),),
    endpoints=(Endpoint("POST", "/sales", 5, request_model="Sale", function="sell"),),
    tables=(Table("bbws-sales", 9, "PK", "SK", (Index("DayIndex", "day", line=10),)),),
    models=(Model("Sale", ModelKind.PYDANTIC, (ModelField("amount", "Decimal"),), 20),),
    test_scenarios=(Scenario("US-1", 30, "story", "scenario"),),
    access_patterns=(AccessPattern("Sales of a day", 12, "DayIndex"),),
)


def found(**changes):
    codes = {one.code: one for one in validate(replace(COMPLETE, **changes)).findings}
    return {code: one for code, one in codes.items() if code != "section_missing"}


def test_complete_design_has_no_findings():
    assert found() == {}


FUNCTION = COMPLETE.functions[0]
ENDPOINT = COMPLETE.endpoints[0]
QUEUED = replace(FUNCTION, name="print", trigger=Trigger.SQS, path=None, method=None, source="jobs")


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("nothing_to_build", {"models": ()}),
        ("parent_missing", {"parent_hld": None}),
        ("version_missing", {"version": None}),
        ("name_pattern", {"document": "Kiosk.md"}),
        ("repository_missing", {"repository_stated": False}),
        ("repository_name", {"repository": "kiosk"}),
        ("parent_number", {"parent_hld": "HLD 2.2 Other"}),
        ("endpoint_without_function", {"endpoints": (replace(ENDPOINT, function=None),)}),
        (
            "function_without_trigger",
            {"functions": (FUNCTION, replace(QUEUED, trigger=Trigger.OTHER, source=None))},
        ),
        (
            "function_without_endpoint",
            {"functions": (FUNCTION, replace(FUNCTION, name="buy", path=None))},
        ),
        ("timeout_beyond_gateway", {"functions": (replace(FUNCTION, timeout_s=60),)}),
        ("queue_without_dlq", {"functions": (FUNCTION, QUEUED)}),
        (
            "visibility_below_timeout",
            {
                "functions": (FUNCTION, QUEUED),
                "resources": (Resource("sqs", "jobs", details={"visibility_timeout_s": 5}),),
            },
        ),
        ("model_undefined", {"endpoints": (replace(ENDPOINT, request_model="Purchase"),)}),
        ("access_patterns_missing", {"access_patterns": ()}),
        ("index_unused", {"access_patterns": (AccessPattern("All", 12),)}),
        (
            "access_pattern_scans",
            {"access_patterns": (AccessPattern("All", 1, "DayIndex", "Scan it"),)},
        ),
        ("table_without_key", {"tables": (Table("bbws-sales", 9),)}),
        ("table_without_name", {"tables": (Table("", 9, "PK"),)}),
        ("tests_missing", {"test_scenarios": ()}),
        ("scenario_missing", {"test_scenarios": (Scenario("US-1", 30, "story"),)}),
        ("tests_few", {"endpoints": tuple(replace(ENDPOINT, path=f"/s{i}") for i in range(9))}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rule_finds_what_breaks_it(code, changes):
    finding = found(**changes).get(code)
    assert finding is not None
    assert finding.message
    assert finding.fix


def test_one_function_may_serve_every_endpoint():
    functions = (Function("kiosk_api", Trigger.API, 5),)
    endpoints = (replace(ENDPOINT, function=None), replace(ENDPOINT, path="/b", function=None))
    assert found(functions=functions, endpoints=endpoints) == {}


def test_errors_come_first():
    report = validate(replace(COMPLETE, parent_hld=None, version=None))
    severities = [one.severity.value for one in report.findings]
    assert severities == sorted(severities)
    assert (report.errors, report.passes(strict=False)) == (1, False)


def test_function_that_seems_to_serve_an_endpoint_is_one_warning():
    unsaid = replace(FUNCTION, name="list_sales", method=None, path=None)
    codes = found(
        functions=(FUNCTION, unsaid),
        endpoints=(ENDPOINT, Endpoint("GET", "/sales", 6)),
    )
    assert set(codes) == {"function_without_endpoint"}
    assert "list_sales seems to serve GET /sales" in codes["function_without_endpoint"].message


def test_function_that_fits_two_endpoints_is_paired_with_none():
    unsaid = replace(FUNCTION, name="list_sales", method=None, path=None)
    endpoints = (ENDPOINT, Endpoint("GET", "/sales", 6), Endpoint("GET", "/old/sales", 7))
    codes = found(functions=(FUNCTION, unsaid), endpoints=endpoints)
    assert {"function_without_endpoint", "endpoint_without_function"} <= set(codes)


def test_table_with_one_key_needs_no_access_patterns():
    table = Table("bbws-flags", 9, "flag")
    assert found(tables=(table,), access_patterns=()) == {}


def test_design_without_an_api_needs_no_section_on_it():
    findings = validate(replace(COMPLETE, functions=(QUEUED,), endpoints=())).findings
    missing = [one.message for one in findings if one.code == "section_missing"]
    assert missing
    assert "there is no section on API" not in missing
