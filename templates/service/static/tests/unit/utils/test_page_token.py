"""Page tokens cannot be forged, changed, or used on another list."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.utils import page_token
from src.utils.errors import InvalidRequestError

KEYS = st.dictionaries(
    st.text(min_size=1, max_size=10),
    st.one_of(st.text(max_size=20), st.integers(-(10**9), 10**9).map(Decimal)),
    min_size=1,
    max_size=4,
)


@pytest.fixture
def signed(monkeypatch):
    monkeypatch.setattr(page_token, "_key", lambda: b"key")


def test_a_token_gives_back_the_key_it_holds(signed):
    @given(key=KEYS, scope=st.text(max_size=20))
    def check(key, scope):
        assert page_token.decode(page_token.encode(key, scope), scope) == key

    check()


def test_a_token_is_good_for_its_list_only(signed):
    token = page_token.encode({"PK": "a"}, "one list")
    with pytest.raises(InvalidRequestError):
        page_token.decode(token, "another list")


def test_a_changed_token_is_refused(signed):
    token = page_token.encode({"PK": "a"}, "list")
    changed = ("A" if token[0] != "A" else "B") + token[1:]
    with pytest.raises(InvalidRequestError):
        page_token.decode(changed, "list")


@pytest.mark.parametrize("token", ["", "x", "====", "not base64 !", "é", "AAAA", "A" * 100])
def test_what_is_no_token_is_refused(signed, token):
    with pytest.raises(InvalidRequestError):
        page_token.decode(token, "list")


def test_the_key_comes_from_secrets_manager(aws):
    assert page_token.decode(page_token.encode({"PK": "a"}, "list"), "list") == {"PK": "a"}
