"""Designs for tests: each states only what matters to it."""

from __future__ import annotations

from typing import Any

from lld.model import (
    Design,
    Endpoint,
    Entity,
    Function,
    Index,
    IndexKey,
    Model,
    ModelField,
    ModelKind,
    Table,
    Trigger,
)


def make_field(name: str, type_: str = "str", **details: Any) -> ModelField:
    """A field; `limits` are its constraints."""
    limits = details.pop("limits", {})
    return ModelField(name, type_, constraints=limits, **details)


def make_model(name: str, *fields: ModelField | str) -> Model:
    """A model; a field given by its name is a required text."""
    made = tuple(one if isinstance(one, ModelField) else make_field(one) for one in fields)
    return Model(name, ModelKind.PYDANTIC, made, 1)


def make_endpoint(method: str, path: str, **details: Any) -> Endpoint:
    return Endpoint(method, path, details.pop("line", 10), **details)


def make_function(name: str, **details: Any) -> Function:
    trigger = details.pop("trigger", Trigger.API)
    return Function(name, trigger, details.pop("line", 20), **details)


ORDER = make_model(
    "Order",
    make_field("order_id", alias="orderId"),
    make_field("tenant_id", alias="tenantId"),
    "note",
    make_field("created_at", "datetime", alias="createdAt"),
)


def make_design(**details: Any) -> Design:
    """A service of orders, which belong to tenants; `details` replace its parts."""
    index = Index("ByIdIndex", "GSI1PK", "GSI1SK", "ALL")
    keys = IndexKey("ByIdIndex", "ORDER#{orderId}", "METADATA")
    parts: dict[str, Any] = {
        "document": "1.1.1_LLD_Order_Lambda.md",
        "title": "Order Lambda",
        "service": "order",
        "repository": "2_bbws_order_lambda",
        "tables": (Table("bbws-orders-{env}", 5, "PK", "SK", (index,)),),
        "entities": (Entity("Order", "TENANT#{tenantId}", "ORDER#{orderId}", 6, (keys,)),),
        "models": (ORDER,),
        "endpoints": (
            make_endpoint("POST", "/v1.0/tenants/{tenantId}/orders"),
            make_endpoint("GET", "/v1.0/tenants/{tenantId}/orders"),
            make_endpoint("GET", "/v1.0/orders/{orderId}"),
            make_endpoint("PUT", "/v1.0/tenants/{tenantId}/orders/{orderId}"),
            make_endpoint("DELETE", "/v1.0/tenants/{tenantId}/orders/{orderId}"),
        ),
        "functions": (
            make_function("create_order", method="POST", path="/v1.0/tenants/{tenantId}/orders"),
        ),
    }
    return Design(**{**parts, **details})


def make_large_design(functions: int, models: int) -> Design:
    """A design of that many functions and models; each function serves a resource of its own."""
    names = [f"Thing{number}" for number in range(max(functions // 5, 1))]
    fields = [make_field(f"field_{number}", "str") for number in range(8)]
    stored = [
        make_model(name, make_field("id"), *fields, make_field("created_at", "datetime"))
        for name in names
    ]
    others = [
        make_model(f"Part{number}", *fields) for number in range(max(models - len(stored), 0))
    ]
    routes = [
        (method, path.format(name.lower()), verb.format(name.lower()))
        for name in names
        for method, path, verb in (
            ("POST", "/v1.0/{}s", "create_{}"),
            ("GET", "/v1.0/{}s/{{id}}", "get_{}"),
            ("GET", "/v1.0/{}s", "list_{}s"),
            ("PUT", "/v1.0/{}s/{{id}}", "update_{}"),
            ("DELETE", "/v1.0/{}s/{{id}}", "delete_{}"),
        )
    ][:functions]
    return make_design(
        models=(*stored, *others),
        entities=tuple(Entity(name, f"{name.upper()}#{{id}}", "METADATA", 6) for name in names),
        endpoints=tuple(make_endpoint(method, path) for method, path, _ in routes),
        functions=tuple(
            make_function(name, method=method, path=path) for method, path, name in routes
        ),
    )
