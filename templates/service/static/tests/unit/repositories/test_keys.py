"""Keys: what fills them, and what cannot slip into them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.repositories.keys import Key
from src.utils.errors import InvalidRequestError

PLACED = Key("PK", "OWNER#{owner}#ITEM#{item}")


class Colour(StrEnum):
    RED = "red"


def test_a_pattern_is_filled():
    assert PLACED.render({"owner": "a", "item": Colour.RED}) == "OWNER#a#ITEM#red"


@given(first=st.tuples(st.text(), st.text()), second=st.tuples(st.text(), st.text()))
def test_different_values_never_make_one_key(first, second):
    if "" in (*first, *second) or first == second:
        return
    keys = [PLACED.render({"owner": owner, "item": item}) for owner, item in (first, second)]
    assert keys[0] != keys[1]


@pytest.mark.parametrize("value", [None, "", "x" * 1025])
def test_what_is_no_identifier_is_refused(value):
    with pytest.raises(InvalidRequestError):
        Key("PK", "{id}").render({"id": value})


def test_an_empty_part_is_refused():
    with pytest.raises(InvalidRequestError):
        PLACED.render({"owner": "a"})


def test_numbers_sort_by_size():
    key = Key("SK", "{price}#")
    assert key.render({"price": Decimal("9.5")}) < key.render({"price": 10})


def test_a_number_key_is_a_number():
    assert Key("id", "{id}", number=True).render({"id": "12"}) == Decimal(12)
    with pytest.raises(InvalidRequestError):
        Key("id", "{id}", number=True).render({"id": "twelve"})


def test_moments_and_flags_have_one_spelling():
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert Key("SK", "{at}").render({"at": moment}) == "2026-01-01T00:00:00.000Z"
    assert Key("SK", "{on}").render({"on": True}) == "true"


def test_a_prefix_ends_before_the_first_open_field():
    assert PLACED.prefix({}) == "OWNER#"
    assert PLACED.prefix({"owner": "a"}) == "OWNER#a#ITEM#"
    assert PLACED.prefix({"owner": "a", "item": "b"}) == "OWNER#a#ITEM#b"
