"""Designs are written by others: whatever stands in them is data and stays inside the folder."""

from __future__ import annotations

import ast
import json
import tomllib
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.plan import check_path
from codegen.scaffold import render_parts
from codegen.views.service_view import view_service
from lld.model import (
    Enumeration,
    EnvironmentVariable,
    ErrorCode,
    Resource,
    Response,
    Scenario,
    Trigger,
)
from tests.codegen.builders import make_design, make_endpoint, make_field, make_function, make_model

PARTS = ["lambda", "tests", "docker", "project"]
NAMES = [
    "../../x",
    "/etc/passwd",
    'a"; import os',
    "'; DROP TABLE x; --",
    "{{ 7*7 }}",
    "{% for x in y %}",
    "${file('/etc/passwd')}",
    "%{ for }",
    '"""\nimport os\n"""',
    "a\nb\r\nc",
    "a\\",
    "c\u0430rt",
    "\u202ereversed",
    "class",
    "None",
    "__init__",
    "x" * 300,
    "",
    " ",
    "\ud800",
    "#{id}",
    "TENANT#{a}#{b}",
]
TEXT = st.one_of(st.sampled_from(NAMES), st.text(max_size=30))


def full_design():
    """A design with something in every part."""
    model = make_model(
        "Order",
        make_field("order_id", alias="orderId", description="identifier"),
        make_field("tenant_id", alias="tenantId"),
        make_field("status", "OrderStatus"),
        make_field("code", limits={"pattern": "^[A-Z]+$", "maxLength": 9}),
        make_field("tags", "list[str]", required=False),
    )
    functions = [
        make_function(f"handle_{one.value}", trigger=one, source="source", description="handles")
        for one in Trigger
        if one is not Trigger.API
    ]
    api = make_function(
        "create_order", method="POST", path="/v1.0/tenants/{tenantId}/orders", description="makes"
    )
    endpoints = [
        replace(one, responses=(Response(200, "Order", "fine", "OK"),), summary="an order")
        for one in make_design().endpoints
    ]
    return make_design(
        models=(model, make_model("CreateOrderRequest", "code")),
        enums=(Enumeration("OrderStatus", ("PENDING", "PAID"), members=("PENDING", "PAID")),),
        functions=(api, *functions),
        endpoints=tuple(endpoints),
        test_scenarios=(Scenario("US-1", 3, "As one, I create an order", "Given it, then 201"),),
        environment_variables=(EnvironmentVariable("LEVEL", "how much", value="INFO"),),
        error_codes=(ErrorCode("ORDER_NOT_FOUND", 404, "no such order"),),
        resources=(Resource("sqs", "queue"),),
        version="1.0",
        lld_id="1.1.1",
    )


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to every text of a design, enumerations of the model apart."""
    if isinstance(value, str):
        return [path] if type(value) is str else []
    if is_dataclass(value):
        return [
            found
            for one in fields(value)
            for found in places(getattr(value, one.name), (*path, one.name))
        ]
    if isinstance(value, tuple):
        return [found for i, one in enumerate(value) for found in places(one, (*path, i))]
    return []


def put(value: Any, path: tuple[Any, ...], text: str) -> Any:
    if not path:
        return text
    head, *rest = path
    if isinstance(value, tuple):
        return tuple(
            put(one, tuple(rest), text) if i == head else one for i, one in enumerate(value)
        )
    return replace(value, **{head: put(getattr(value, head), tuple(rest), text)})


PLACES = places(full_design())


def check(design, tmp_path):
    """Render a design and look at every file: inside the folder, parsed, one path each."""
    seen = set()
    for group in render_parts(view_service(design), PARTS):
        for one in group.files:
            check_path(tmp_path, one)
            assert one.path.lower() not in seen
            seen.add(one.path.lower())
            one.text.encode()
            parse(one.path.rpartition(".")[2], one.text)


@cache
def parse(kind, text):
    """Parse a file; most are the same for every design, so each text is parsed once."""
    if kind == "py":
        tree = ast.parse(text)
        imported = {
            n.name
            for node in ast.walk(tree)
            for n in getattr(node, "names", ())
            if isinstance(n, ast.alias)
        }
        assert not imported & {"subprocess", "sys", "system"}
    elif kind == "toml":
        tomllib.loads(text)
    elif kind == "json":
        json.loads(text)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_a_hostile_text_in_any_place_stays_data(place, tmp_path):
    for name in NAMES:
        check(put(full_design(), place, name), tmp_path)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), TEXT), min_size=1, max_size=12))
def test_hostile_texts_in_many_places_stay_data(changes, tmp_path):
    design = full_design()
    for place, text in changes:
        design = put(design, place, text)
    check(design, tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_one_hostile_name_everywhere_stays_data(name, tmp_path):
    design = full_design()
    for place in PLACES:
        if place[0] in ("functions", "models", "endpoints", "entities", "test_scenarios"):
            design = put(design, place, name)
    check(design, tmp_path)


def test_the_text_itself_survives_where_it_is_data(tmp_path):
    name = 'bbws"; import os #'
    design = full_design()
    table = replace(design.tables[0], partition_key=name)
    parts = render_parts(view_service(replace(design, tables=(table,))), ["lambda"])
    text = next(
        one.text for one in parts[0].files if one.path == "src/repositories/order_repository.py"
    )
    literals = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    assert name in literals


@pytest.mark.parametrize(
    "pattern", ["(", "(a+)+$", "((a{64}){64}){64}", "[", "(?=x)y", "\\Z", "(?P<n>a)(?P=n)"]
)
def test_a_pattern_that_cannot_be_met_is_left_out(pattern, tmp_path):
    model = make_model(
        "Order", "order_id", "tenant_id", make_field("code", limits={"pattern": pattern})
    )
    check(make_design(models=(model,)), tmp_path)


def test_a_model_that_holds_itself_is_no_endless_loop(tmp_path):
    node = make_model("Node", make_field("children", "list[Node]"), make_field("next", "Other"))
    other = make_model("Other", make_field("node", "Node", required=False))
    check(make_design(models=(node, other)), tmp_path)
    check(make_design(endpoints=(make_endpoint("GET", "/" + "a/" * 200),)), tmp_path)
