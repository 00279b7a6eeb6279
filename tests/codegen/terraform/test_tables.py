from __future__ import annotations

from codegen.terraform.tables import table_views
from lld.model import Entity, Model, ModelField, ModelKind
from tests.codegen.terraform.build import make_design, make_index, make_table, service


def views(*tables, **facts):
    return table_views(service(make_design(tables=tables, **facts)), "note", streamed=False)


def test_keys_of_table_and_indexes_are_declared_once():
    (table,), _ = views(make_table(gsis=(make_index(), make_index("Flat", sort_key="SK"))))
    assert table.attributes == (("PK", "S"), ("SK", "S"), ("GSI1PK", "S"), ("GSI1SK", "S"))


def test_a_key_that_models_type_as_a_number_is_one():
    model = Model("Note", ModelKind.PYDANTIC, (ModelField("rank", "int"),), 1)
    (table,), _ = views(make_table(gsis=(make_index(sort_key="rank"),)), models=(model,))
    assert dict(table.attributes)["rank"] == "N"


def test_a_table_without_a_name_is_named_after_the_service():
    (table,), _ = views(make_table(None))
    assert table.name == "bbws-note-{env}"


def test_patterns_of_entities_stand_for_the_usual_keys():
    entities = (Entity("Note", "NOTE#{id}", "METADATA", 1),)
    (table,), _ = views(make_table(partition_key=None, sort_key=None), entities=entities)
    assert (table.hash_key, table.range_key) == ("PK", "SK")


def test_a_table_without_any_key_is_left_out_and_named_with_its_line():
    tables, points = views(make_table(partition_key=None), entities=())
    assert tables == ()
    assert (points[0].line, points[0].text) == (
        20,
        "table 'bbws-notes-{env}' has no key in the design: not created",
    )


def test_an_index_without_a_key_is_left_out_and_named():
    (table,), points = views(make_table(gsis=(make_index(partition_key=None, line=7),)))
    assert table.indexes == ()
    assert points[0].line == 7


def test_a_projection_of_some_attributes_becomes_all_and_says_so():
    (table,), points = views(make_table(gsis=(make_index(projection="INCLUDE (text)"),)))
    assert table.indexes[0].projection == "ALL"
    assert "projects all of them" in points[0].text


def test_keys_only_projection_is_kept():
    (table,), _ = views(make_table(gsis=(make_index(projection="KEYS_ONLY"),)))
    assert table.indexes[0].projection == "KEYS_ONLY"


def test_tables_that_share_a_name_are_told_apart():
    tables, _ = views(make_table("bbws-a-{env}"), make_table("BBWS-A-{env}", line=21))
    assert [table.name for table in tables] == ["bbws-a-{env}", "BBWS-A-2-{env}"]
    assert len({table.label for table in tables}) == 2
