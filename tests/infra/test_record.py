"""A record is sealed: whatever is changed in it afterwards shows."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from common.errors import RefusedError
from infra.folder import Folder
from infra.record import Counts, Loss, PlanRecord, from_json, load, save
from tests.infra.builders import make_record

OTHERS: dict[type, Any] = {str: "other", int: 99, bool: True}


def saved(record: PlanRecord) -> Any:
    return json.loads(json.dumps(record.to_json()))


def test_a_record_comes_back_as_it_was() -> None:
    record = make_record(artifacts=(("a.zip", "0"),), losses=(Loss("a.b", "destroy"),))
    assert from_json(saved(record)) == record


@pytest.mark.parametrize("name", [field.name for field in fields(PlanRecord)])
def test_every_field_is_under_the_seal(name: str) -> None:
    document = saved(make_record())
    value = document["record"][name]
    changed: Any = {"artifacts": [["x", "y"]], "losses": [{"address": "a", "action": "b"}]}.get(
        name
    )
    if name == "counts":
        changed = {**value, "delete": 7}
    document["record"][name] = changed or OTHERS[type(value)]
    with pytest.raises(RefusedError):
        from_json(document)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"record": {}, "seal": "x"}', b"\xff"])
def test_a_record_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = Folder(tmp_path, "dev")
    folder.prepare()
    folder.plan_file.write_bytes(b"plan")
    folder.record_file.write_bytes(content)
    with pytest.raises(RefusedError, match="cannot be read"):
        load(folder)


def test_a_plan_without_its_record_is_no_plan(tmp_path: Path) -> None:
    folder = Folder(tmp_path, "dev")
    folder.prepare()
    save(folder, make_record())
    assert load(folder) is None
    assert folder.record_file.stat().st_mode & 0o077 == 0


def test_counts_know_whether_anything_changes() -> None:
    assert not Counts().any
    assert Counts(outputs=1).any
