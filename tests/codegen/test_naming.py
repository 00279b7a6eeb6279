"""Whatever a design calls things, names of code are identifiers, short, and distinct."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.naming import (
    MAX_NAME,
    Names,
    article,
    is_plural,
    pascal,
    plural,
    resource_name,
    singular,
    snake,
    words,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bbws-tenant-create-{env}", "bbws_tenant_create"),
        ("OrderPDFCreator", "order_pdf_creator"),
        ("getCart", "get_cart"),
        ("class", "class_"),
        ("1st order", "n1st_order"),
        ("../../x", "x"),
        ('a"; import os', "a_import_os"),
        ("{{ 7*7 }}", "n7_7"),
        ("", "unnamed"),
        ("カート", "unnamed"),
    ],
)
def test_a_name_becomes_snake_case(text, name):
    assert snake(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cart item", "CartItem"),
        ("CartItem", "CartItem"),
        ("None", "None_"),
        ("2D point", "N2DPoint"),
    ],
)
def test_a_name_becomes_a_class(text, name):
    assert pascal(text) == name


@given(st.text(max_size=400))
def test_any_text_becomes_a_short_identifier(text):
    for name in (snake(text), pascal(text)):
        assert name.isidentifier()
        assert name.isascii()
        assert not keyword.iskeyword(name)
        assert len(name) <= MAX_NAME + 2


def test_long_names_that_differ_stay_different():
    assert snake("a" * 299 + "b") != snake("a" * 299 + "c")


def test_names_differ_also_when_case_is_ignored():
    names = Names({"taken"})
    assert [names.claim(one) for one in ("getCart", "GetCart", "getcart", "Taken")] == [
        "getCart",
        "GetCart_2",
        "getcart_3",
        "Taken_2",
    ]


def test_a_lookalike_is_no_letter():
    assert words("c\u0430rt") == ["crt"] or words("c\u0430rt") == ["c", "rt"]


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("orders", "order"),
        ("categories", "category"),
        ("addresses", "address"),
        ("boxes", "box"),
        ("status", "status"),
        ("access", "access"),
    ],
)
def test_singulars(many, one):
    assert singular(many) == one


def test_plurals():
    assert [plural(one) for one in ("order", "category", "day", "box", "orders")] == [
        "orders",
        "categories",
        "days",
        "boxes",
        "orders",
    ]
    assert is_plural("orders")
    assert not is_plural("status")
    assert article("order") == "an"


def test_a_resource_name_is_one_aws_takes():
    assert resource_name("bbws-orders-{env}", "x") == "bbws-orders-test"
    assert resource_name("../", "default-table") == "default-table"
