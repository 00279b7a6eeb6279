"""What a route means, and whether the design says enough to implement it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codegen.views.operation_view import Action
from codegen.views.routes import read_route
from codegen.views.service_view import view_service
from lld.model import Entity, Enumeration, Index, Table, Trigger
from tests.codegen.builders import (
    ORDER,
    make_design,
    make_endpoint,
    make_field,
    make_function,
    make_model,
)


def operation(method: str, path: str, **details):
    """The one operation of a design with one endpoint."""
    endpoint = make_endpoint(method, path, **details.pop("endpoint", {}))
    details.setdefault("functions", ())
    (found,) = view_service(make_design(endpoints=(endpoint,), **details)).operations
    return found


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("POST", "/v1.0/tenants/{tenantId}/orders", Action.CREATE),
        ("GET", "/v1.0/tenants/{tenantId}/orders", Action.LIST),
        ("GET", "/v1.0/tenants/{tenantId}/orders/{orderId}", Action.GET),
        ("PUT", "/v1.0/tenants/{tenantId}/orders/{orderId}", Action.UPDATE),
        ("PATCH", "/v1.0/tenants/{tenantId}/orders/{id}", Action.UPDATE),
        ("DELETE", "/v1.0/tenants/{tenant_id}/orders/{order_id}", Action.DELETE),
        ("GET", "/v1.0/orders/{orderId}", Action.GET),
    ],
)
def test_what_the_keys_allow_is_implemented(method, path, action):
    found = operation(method, path)
    assert (found.action, found.gap) == (action, None)


@pytest.mark.parametrize(
    ("method", "path", "gap"),
    [
        ("POST", "/v1.0/orders/{orderId}/cancel", "called 'cancel'"),
        ("GET", "/v1.0/orders", "does not give tenant_id"),
        ("GET", "/v1.0/invoices", "called 'invoice'"),
        ("GET", "/v1.0/customers/{customerId}/orders", "neither the table nor an index"),
        ("PUT", "/v1.0/tenants/{tenantId}/orders", "does not say what this operation does"),
        ("POST", "/v1.0/orders", "where tenantId come from"),
    ],
)
def test_what_the_design_only_names_has_a_gap(method, path, gap):
    assert gap in (operation(method, path).gap or "")


def test_an_index_finds_what_the_key_does_not():
    found = operation("GET", "/v1.0/orders/{orderId}")
    assert found.index is not None
    assert found.index.name == "ByIdIndex"


def test_a_list_across_tenants_is_never_generated():
    assert operation("GET", "/v1.0/orders").gap


def test_a_token_gives_the_tenant_where_one_is_asked_for():
    found = operation("GET", "/v1.0/orders", endpoint={"auth": "jwt"})
    assert found.claims == ("tenant_id",)
    assert found.gap is None


def test_what_goes_to_a_queue_is_not_taken_for_a_create():
    function = make_function(
        "create_order",
        method="POST",
        path="/v1.0/tenants/{tenantId}/orders",
        description="Validate and publish to the queue",
    )
    found = operation("POST", "/v1.0/tenants/{tenantId}/orders", functions=(function,))
    assert "queue or topic" in found.gap


def test_a_request_field_that_is_not_stored_is_a_gap():
    request = make_model("CreateOrderRequest", "note", "password")
    path = "/v1.0/tenants/{tenantId}/orders"
    assert "becomes of password" in operation("POST", path, models=(ORDER, request)).gap


def test_a_value_without_a_source_is_a_gap():
    order = replace(ORDER, fields=(*ORDER.fields, make_field("total", "Decimal")))
    request = make_model("CreateOrderRequest", "note")
    found = operation("POST", "/v1.0/tenants/{tenantId}/orders", models=(order, request))
    assert "where total come from" in found.gap


def test_a_status_starts_where_statuses_start():
    order = replace(ORDER, fields=(*ORDER.fields, make_field("status", "OrderStatus")))
    enum = Enumeration("OrderStatus", ("PAID", "PENDING"))
    found = operation("POST", "/v1.0/tenants/{tenantId}/orders", models=(order,), enums=(enum,))
    assert ("status", "OrderStatus.PENDING") in [(b.field, b.expression) for b in found.bindings]
    assert found.assumptions == ("a new order starts with status PENDING",)


def test_an_unused_parameter_of_the_path_is_an_assumption():
    found = operation("GET", "/v1.0/shops/{shopId}/orders/{orderId}")
    assert "takes the shopId of its path for granted" in found.assumptions[0]


def test_an_item_of_an_item_is_found_by_both_words():
    item = make_model("OrderItem", "item_id", "note")
    entities = (
        *make_design().entities,
        Entity("OrderItem", "ORDER#{orderId}", "ITEM#{itemId}", 8),
    )
    found = operation(
        "PUT", "/v1.0/orders/{orderId}/items/{itemId}", models=(ORDER, item), entities=entities
    )
    assert found.entity.class_name == "OrderItem"
    assert found.keys == (("order_id", "order_id"), ("item_id", "item_id"))


def test_a_plain_key_needs_no_pattern():
    table = Table("bbws-orders-{env}", 5, "orderId", None, (Index("NoteIndex", "note"),))
    found = operation("GET", "/v1.0/orders/{orderId}", tables=(table,), entities=())
    assert found.gap is None
    assert found.entity.partition.template == "{order_id}"


def test_a_soft_delete_is_what_the_model_has_a_flag_for():
    order = replace(ORDER, fields=(*ORDER.fields, make_field("active", "bool", required=False)))
    found = operation("DELETE", "/v1.0/tenants/{tenantId}/orders/{orderId}", models=(order,))
    assert found.entity.soft_delete.field == "active"


def test_a_service_without_tables_implements_nothing():
    design = make_design(tables=(), entities=())
    assert all(one.gap for one in view_service(design).operations)


def test_a_route_no_function_serves_goes_to_the_router():
    view = view_service(make_design())
    router = next(one for one in view.functions if not one.designed)
    assert router.module == "api"
    assert len(router.operations) == 4


def test_a_function_without_a_route_serves_the_rest():
    design = make_design(functions=(make_function("order_api"),))
    (function,) = view_service(design).functions
    assert len(function.operations) == 5


def test_functions_that_differ_in_case_only_have_modules_that_differ():
    names = ("getOrder", "GetOrder", "get_order")
    design = make_design(functions=tuple(make_function(one, trigger=Trigger.SQS) for one in names))
    modules = [one.module for one in view_service(design).functions if one.designed]
    assert modules == ["get_order", "get_order_2", "get_order_3"]


def test_access_is_no_more_than_the_code_needs():
    view = view_service(make_design())
    access = {one.module: view.access_of(one) for one in view.functions}
    (create,) = access["create_order"]
    assert (create.actions, create.indexes) == (("dynamodb:PutItem",), ())
    (rest,) = access["api"]
    assert rest.indexes == ("ByIdIndex",)
    assert "dynamodb:Scan" not in rest.actions


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "orders"), ("TRACE", "/orders"), ("GET", "/a b"), ("GET", "/(((("), ("GET", '/"; x')],
)
def test_what_is_no_route_is_left_out_and_said(method, path):
    assert isinstance(read_route(method, path), str)
    view = view_service(make_design(endpoints=(make_endpoint(method, path, line=42),)))
    assert [one.line for one in view.skipped] == [42]


@pytest.mark.parametrize("path", ["/orders/{orderId}", "/orders/<orderId>", "/orders/:orderId"])
def test_a_parameter_has_many_spellings(path):
    route = read_route("get", path)
    assert (route.path, route.rule) == ("/orders/{orderId}", "/orders/<order_id>")
