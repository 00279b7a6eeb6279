"""The contract and the code know the same routes.

That each answer is as the contract says is checked wherever a test calls a handler.
"""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from jsonschema import Draft202012Validator

from tests.contract import DOCUMENT, check_answer, operations
from tests.factories import call

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("operation", operations(), ids=lambda one: f"{one.method} {one.path}")
def test_a_route_of_the_contract_is_served(aws, operation):
    handler = import_module(f"src.handlers.{operation.module}").handler
    path = re.sub(r"\{[^{}]*\}", "unknown", operation.path)
    answer = call(handler, operation.method, path)
    code = (answer.body or {}).get("error", {}).get("code")
    assert code != "ROUTE_NOT_FOUND"


def test_every_schema_of_the_contract_is_one():
    for schema in DOCUMENT.get("components", {}).get("schemas", {}).values():
        Draft202012Validator.check_schema(schema)


def test_an_answer_unlike_the_contract_is_noticed():
    for operation in operations():
        path = re.sub(r"\{[^{}]*\}", "unknown", operation.path)
        with pytest.raises(AssertionError, match=r"openapi\.json"):
            check_answer(operation.method, path, 500, {"message": "no error of ours"})
