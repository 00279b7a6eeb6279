"""What DynamoDB says, as errors of the service; and what reaches it."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from src.models.base import Json, JsonObject, Model, Number
from src.repositories.base import Repository, SoftDelete
from src.repositories.items import epoch_seconds, from_item, to_attribute, to_item
from src.repositories.keys import Index, Key
from src.repositories.pages import PageRequest
from src.repositories.table import failures, status_of, table
from src.utils.errors import ConflictError, InvalidRequestError, NotFoundError, UnavailableError
from tests.conftest import PAGE_TOKENS, client


class Note(Model):
    owner: str
    name: str
    group: str | None = None
    rank: int = 1
    active: bool = True
    version: int = 1
    expires: str | None = None


BY_GROUP = Index("ByGroup", Key("GSI1PK", "GROUP#{group}"), Key("GSI1SK", "{rank}#{name}"))
BY_RANK = Index("ByRank", Key("owner", "{owner}"), Key("GSI2SK", "{rank}"), partial=True)


class Notes(Repository[Note]):
    model = Note
    entity = "note"
    entity_type = "NOTE"
    table_variable = "NOTES_TABLE"
    partition = Key("PK", "OWNER#{owner}")
    sort = Key("SK", "NOTE#{name}")
    indexes = (BY_GROUP, BY_RANK)
    soft_delete = SoftDelete("active", "active", False)
    version = "version"
    expires = "expires"


class Drafts(Notes):
    """Like notes, but deleted for good."""

    soft_delete = None
    version = None


@pytest.fixture
def notes(environment, monkeypatch):
    monkeypatch.setenv("NOTES_TABLE", "notes")
    names = ["PK", "SK", "GSI1PK", "GSI1SK", "GSI2SK", "owner"]
    with mock_aws():
        client("dynamodb").create_table(
            TableName="notes",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
            KeySchema=_schema("PK", "SK"),
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "ByGroup",
                    "KeySchema": _schema("GSI1PK", "GSI1SK"),
                    "Projection": {"ProjectionType": "ALL"},
                },
                {
                    "IndexName": "ByRank",
                    "KeySchema": _schema("owner", "GSI2SK"),
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                },
            ],
        )
        client("secretsmanager").create_secret(Name=PAGE_TOKENS, SecretString=PAGE_TOKENS)
        yield Notes(table("notes"))


def _schema(partition, sort):
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def key(name="n"):
    return {"owner": "o", "name": name}


def test_a_change_moves_the_item_in_its_index(notes):
    notes._add(Note(**key(), group="a"))
    notes._change(key(), {"group": "b"})
    assert notes._page({"group": "a"}, PageRequest(), BY_GROUP).items == []
    assert notes._page({"group": "b"}, PageRequest(), BY_GROUP).items[0].version == 2


def test_a_removed_field_takes_the_item_out_of_its_index(notes):
    notes._add(Note(**key(), group="a"))
    notes._change(key(), {"group": None})
    assert notes._page({"group": "a"}, PageRequest(), BY_GROUP).items == []


def test_a_partial_index_gives_whole_items(notes):
    notes._add(Note(**key(), group="a"))
    assert notes._page({"owner": "o"}, PageRequest(), BY_RANK).items[0].group == "a"


def test_an_index_finds_an_item_to_change_and_to_remove(notes):
    notes._add(Note(**key(), group="a"))
    assert notes._change({"group": "a"}, {"rank": 3}, index=BY_GROUP).rank == 3
    notes._remove({"group": "a"}, index=BY_GROUP)
    with pytest.raises(NotFoundError):
        notes._find(BY_GROUP, {"group": "a"})
    with pytest.raises(NotFoundError):
        notes._find(BY_GROUP, {"group": "unknown"})


def test_a_deleted_item_is_hidden_until_it_is_revived(notes):
    notes._add(Note(**key()))
    notes._remove(key())
    assert notes._page({"owner": "o"}, PageRequest()).items == []
    with pytest.raises(NotFoundError):
        notes._change(key(), {"rank": 2})
    assert notes._change(key(), {"active": True}).active
    assert notes._get(key()).active


def test_an_outdated_version_is_a_conflict(notes):
    notes._add(Note(**key()))
    notes._change(key(), {"rank": 2}, expected_version=1)
    with pytest.raises(ConflictError, match="version 2"):
        notes._change(key(), {"rank": 3}, expected_version=1)


def test_a_change_in_between_is_a_conflict(notes, monkeypatch):
    notes._add(Note(**key()))
    stale = notes._read(notes._primary(key()))
    notes._change(key(), {"rank": 2})
    monkeypatch.setattr(notes, "_read", lambda _: stale)
    with pytest.raises(ConflictError, match="meanwhile"):
        notes._change(key(), {"rank": 3})


def test_a_change_of_nothing_writes_nothing(notes):
    drafts = Drafts(notes._given)
    drafts._add(Note(**key()))
    assert drafts._change(key(), {}) == drafts._get(key())


def test_a_change_that_does_not_fit_is_refused(notes):
    notes._add(Note(**key()))
    with pytest.raises(InvalidRequestError):
        notes._change(key(), {"rank": "x"})


def test_what_is_deleted_for_good_is_gone(notes):
    drafts = Drafts(notes._given)
    drafts._add(Note(**key(), group="a"))
    drafts._remove({"group": "a"}, index=BY_GROUP)
    with pytest.raises(NotFoundError):
        drafts._remove(key())


def test_pages_are_filled_past_what_is_filtered_out(notes):
    for number in range(6):
        notes._add(Note(**key(f"n{number}"), active=number >= 4))
    page = notes._page({"owner": "o"}, PageRequest(size=1))
    assert [one.name for one in page.items] == ["n4"]
    rest = notes._page({"owner": "o"}, PageRequest(token=page.next_token))
    assert [one.name for one in rest.items] == ["n5"]


def test_the_newest_come_first_where_that_is_asked(notes):
    for name in ("a", "b"):
        notes._add(Note(**key(name)))
    page = notes._page({"owner": "o"}, PageRequest(newest_first=True))
    assert [one.name for one in page.items] == ["b", "a"]


def test_all_items_and_a_scan_read_everything(notes):
    for number in range(3):
        notes._add(Note(**key(str(number))))
    assert len(notes._all({"owner": "o"})) == len(notes._scan(PageRequest()).items) == 3


def test_an_expiry_is_stored_in_epoch_seconds(notes):
    note = notes._add(Note(**key(), expires="2026-01-01T00:00:00.000Z"))
    assert notes._read(notes._primary(key()))["expires"] == 1767225600
    assert notes._get(key()) == note
    assert epoch_seconds("no moment") == "no moment"
    assert epoch_seconds(5) == 5


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ConditionalCheckFailedException", ConflictError),
        ("ThrottlingException", UnavailableError),
        ("ValidationException", InvalidRequestError),
        ("AccessDeniedException", ClientError),
    ],
)
def test_failures_of_the_table_become_errors_of_the_service(code, error):
    with pytest.raises(error), failures(ConflictError("exists")):
        raise ClientError({"Error": {"Code": code, "Message": ""}}, "PutItem")


def test_a_number_too_long_for_the_table_is_a_bad_request():
    with pytest.raises(InvalidRequestError), failures():
        raise decimal.Inexact


def test_a_missing_table_is_unhealthy(notes):
    assert status_of("nothing") == "ResourceNotFoundException"
    assert status_of("") == "ParamValidationError"


def test_values_are_stored_as_the_table_takes_them():
    assert to_attribute({1: [1.5, {"a": dt.date(2026, 1, 2)}]}) == {
        "1": [Decimal("1.5"), {"a": "2026-01-02"}]
    }
    assert to_attribute(uuid.UUID(int=0)) == "00000000-0000-0000-0000-000000000000"


def test_free_data_and_numbers_come_back_as_json():
    class Free(Model):
        any: Json
        data: JsonObject
        price: Number

    item = Free(any=(1,), data={"a": [Decimal("1.5")]}, price=Decimal("2.50"))
    stored = from_item(to_item(item))
    text = Free.model_validate(stored).model_dump_json()
    assert text == '{"any":[1],"data":{"a":[1.5]},"price":2.5}'
