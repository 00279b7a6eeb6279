"""The time, identifiers and settings."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from src.utils.clock import new_id, now, timestamp
from src.utils.config import MissingSettingError, setting


def test_a_timestamp_is_in_utc():
    moment = dt.datetime(2026, 1, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert timestamp(moment) == "2026-01-01T10:00:00.000Z"


def test_a_moment_without_zone_is_in_utc():
    assert timestamp(dt.datetime(2026, 1, 1, 12, 0, 0, 1)) == "2026-01-01T12:00:00.000001Z"


def test_now_is_precise_to_the_millisecond():
    assert now().microsecond % 1000 == 0
    assert now().tzinfo is dt.UTC


def test_identifiers_are_random():
    assert uuid.UUID(new_id()).version == 4
    assert new_id() != new_id()


def test_a_missing_setting_is_named(monkeypatch):
    monkeypatch.delenv("SOME_SETTING", raising=False)
    with pytest.raises(MissingSettingError, match="SOME_SETTING"):
        setting("SOME_SETTING")
