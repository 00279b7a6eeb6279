"""The tests of a service: units of each layer, and the whole through the real handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codegen.code import RenderedFile
from codegen.naming import resource_name
from codegen.quoting import bracketed, py_str, py_value
from codegen.render import render
from codegen.secrecy import marked, names_secret
from codegen.service_tests.case_files import render_case_files
from codegen.service_tests.samples import sample_model, strategy
from codegen.sources.repositories import located_by
from codegen.views.field_types import Kind
from codegen.views.model_view import FieldView, Role
from codegen.views.operation_view import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.service_tests.cases import Samples
    from codegen.views.entity_view import EntityIndex, EntityView, TableView
    from codegen.views.service_view import ServiceView


def render_tests(view: ServiceView) -> Iterable[RenderedFile]:
    """All tests of a service."""
    samples = samples_of(view)
    line = view.design.tables[0].line if view.design.tables else None
    yield RenderedFile("tests/conftest.py", _conftest(view), line)
    yield RenderedFile("tests/__init__.py", render("test_package.py.jinja", service=view.name))
    yield RenderedFile("tests/samples.py", _samples(samples))
    yield RenderedFile("tests/strategies.py", _strategies(view))
    if view.models.models:
        yield RenderedFile("tests/unit/test_models.py", _models(view))
    for entity in view.entities:
        yield RenderedFile(
            f"tests/unit/repositories/test_{entity.module}_repository.py",
            _repository(entity, view, samples),
            entity.line,
        )
    yield from render_case_files(view, samples)


def samples_of(view: ServiceView) -> Samples:
    """A valid value of each model on the wire; samples of entities are not deleted ones."""
    found = {
        model.class_name: sample_model(model, view.models) for model in view.models.models.values()
    }
    for entity in view.entities:
        mark = entity.soft_delete
        if mark is None:
            continue
        sample = found[entity.model.class_name]
        if mark.alive:
            sample[mark.wire] = mark.alive == "True"
        else:
            sample[mark.wire] = _other_member(mark.value, view)
    return found


def _other_member(expression: str, view: ServiceView) -> str:
    class_name, member = expression.split(".")
    enum = next(one for one in view.models.enums.values() if one.class_name == class_name)
    return next((value for name, value in enum.members if name != member), enum.members[0][1])


def _samples(samples: Samples) -> str:
    values = py_value(samples, before=_SAMPLES_PREFIX)
    return marked(render("test_samples.py.jinja", samples=values), tests=True)


_SAMPLES_PREFIX = len("SAMPLES: dict[str, dict[str, Any]] = ")


def _conftest(view: ServiceView) -> str:
    tables = {one.variable: _create_table(one, view.name) for one in view.tables}
    prefix = len("TABLES: dict[str, dict[str, Any]] = ")
    return render(
        "test_conftest.py.jinja",
        tables=py_value(tables, before=prefix),
        region="eu-west-1",
        service=view.name,
    )


def _create_table(table: TableView, service: str) -> dict[str, Any]:
    """The arguments of `create_table` for a table of the design."""
    keys = [table.partition, *([table.sort] if table.sort else [])]
    found: dict[str, Any] = {
        "TableName": resource_name(table.name, f"{service}-table"),
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in table.types.items()
        ],
        "KeySchema": _key_schema(keys),
    }
    if table.indexes:
        found["GlobalSecondaryIndexes"] = [
            {
                "IndexName": name,
                "KeySchema": _key_schema([partition, *([sort] if sort else [])]),
                "Projection": {"ProjectionType": "ALL"},
            }
            for name, partition, sort in table.indexes
        ]
    return found


def _key_schema(names: list[str]) -> list[dict[str, str]]:
    kinds = ("HASH", "RANGE")
    return [
        {"AttributeName": name, "KeyType": kind} for name, kind in zip(names, kinds, strict=False)
    ]


def _strategies(view: ServiceView) -> str:
    needs = {"datetime as dt", "typing:Any", "hypothesis:strategies as st", "pydantic:BaseModel"}
    entries = []
    for model in view.models.models.values():
        required, optional = strategy(model, view.models)
        entries.append(
            {
                "name": model.class_name,
                "required": bracketed("{", required, "}", 8, after=1),
                "optional": bracketed("{", optional, "}", 8, before=len("optional="), after=1),
            }
        )
        needs.add(f"{model.path}:{model.class_name}")
        text = " ".join([*required, *optional])
        if "re.compile(" in text:
            needs.add("re")
        if "SAMPLES[" in text:
            needs.add("tests.samples:SAMPLES")
    return render("test_strategies.py.jinja", needs=sorted(needs), strategies=entries)


def _models(view: ServiceView) -> str:
    needs = {
        "pytest", "hypothesis:given", "hypothesis:strategies as st", "pydantic:ValidationError",
        "src.models.base:Model", "src.repositories.items:from_item",
        "src.repositories.items:to_item", "tests.factories:make", "tests.samples:SAMPLES",
        "tests.strategies:STRATEGIES",
    }  # fmt: skip
    stored = any(one.role is not Role.REQUEST for one in view.models.models.values())
    required = any(one.required for m in view.models.models.values() for one in m.fields)
    return render(
        "test_models.py.jinja", needs=sorted(needs), has_stored=stored, has_required=required
    )


def key_values(entity: EntityView, samples: Samples, fields: Iterable[str]) -> dict[str, Any]:
    """Arguments for these key fields, as the entity's sample has them."""
    sample = samples[entity.model.class_name]
    wires = {one.name: one.wire for one in entity.model.fields}
    return {
        entity.argument(name): sample.get(wires.get(name, ""), f"{name.replace('_', '-')}-1")
        for name in dict.fromkeys(fields)
    }


def _keyword_list(values: dict[str, Any]) -> list[str]:
    return [f"{name}={py_value(value)}" for name, value in values.items()]


def _repository(entity: EntityView, view: ServiceView, samples: Samples) -> str:
    parents = _keyword_list(key_values(entity, samples, entity.parents))
    mutable = mutable_field(entity)
    version = entity.version
    changed = [f'"{mutable.name}": "changed"'] if mutable else []
    if version and mutable:
        changed.append(f'"{version.name}": item.{version.name} + 1')
    indexes = [_index_case(entity, one, samples) for one in entity.indexes]
    finders = [_index_case(entity, one, samples) for one in located_by(entity, view, Action.GET)]
    scans = any(one.scans and one.entity == entity for one in view.operations)
    listing, keys = _listing(entity, samples, scans=scans)
    second = _second(entity, samples) if listing else None
    first = bracketed(f"first = repository.{listing}(", ["PageRequest(size=1)", *keys], ")", 4)
    rest = bracketed(
        f"rest = repository.{listing}(", ["PageRequest(token=first.next_token)", *keys], ")", 4
    )
    has_all = any(child == entity for one in view.operations for _, child in one.children)
    needs = {
        "pytest",
        "tests.factories:make",
        f"{entity.model.path}:{entity.model.class_name}",
        "src.utils.errors:NotFoundError",
        "src.utils.errors:ConflictError",
        f"src.repositories.{entity.module}_repository:{entity.class_name}Repository",
    }
    if indexes or entity.is_collection or scans or second:
        needs.add("src.repositories.pages:PageRequest")
    remove = ["{}"] if entity.soft_delete else []
    return render(
        "test_repository.py.jinja",
        needs=sorted(needs),
        entity=entity,
        model=entity.model.class_name,
        key=py_value(key_values(entity, samples, entity.key_fields), before=len("KEY = ")),
        partition=(
            py_value(
                key_values(entity, samples, entity.partition.fields), before=len("PARTITION = ")
            )
            if entity.is_collection
            else None
        ),
        add=bracketed("repository.add(", ["item", *parents], ")", 4),
        add8=bracketed("repository.add(", ["item", *parents], ")", 8),
        remove=bracketed("repository.remove(", [*remove, "**KEY"], ")", 8),
        remove4=bracketed("repository.remove(", [*remove, "**KEY"], ")", 4),
        stored="item",
        change=f'{{"{mutable.name}": "changed"}}' if mutable else None,
        changed=bracketed("{", changed, "}", 4, before=len("expected = ")),
        version=version.name if version else None,
        has_all=has_all,
        scans=scans,
        second=second,
        first=first,
        rest=rest,
        indexes=indexes,
        finders=finders,
    )


def _index_case(entity: EntityView, index: EntityIndex, samples: Samples) -> dict[str, Any]:
    values = _keyword_list(key_values(entity, samples, index.partition.fields))
    listing = bracketed(
        f"found = repository.page_by_{index.suffix}(", ["PageRequest()", *values], ")", 4
    )
    finding = bracketed(f"found = repository.find_by_{index.suffix}(", values, ")", 4)
    return {"index": index, "listing": listing, "finding": finding}


def _listing(entity: EntityView, samples: Samples, *, scans: bool) -> tuple[str | None, list[str]]:
    if entity.is_collection:
        return "page", _keyword_list(key_values(entity, samples, entity.partition.fields))
    return ("scan", []) if scans else (None, [])


CHANGED = "changed"


def mutable_field(entity: EntityView) -> FieldView | None:
    """A free text that can be changed without touching keys or what the service looks after."""
    special = {
        *entity.key_fields,
        *(one.name for one in (*entity.moments.values(), *entity.actors.values())),
        *(name for index in entity.indexes for name in _index_fields(index)),
    }
    for one in entity.model.fields:
        fitting = one.type.kind is Kind.STR and "pattern" not in one.limits
        lengths = (one.limits.get("min_length", 0), one.limits.get("max_length", 100))
        free = not (one.name in special or one.wire == entity.expires or names_secret(one.wire))
        if fitting and free and lengths[0] <= len(CHANGED) <= lengths[1]:
            return one
    return None


def _index_fields(index: EntityIndex) -> tuple[str, ...]:
    return (*index.partition.fields, *(index.sort.fields if index.sort else ()))


def _second(entity: EntityView, samples: Samples) -> str | None:
    """How a second item differs from the sample in its key; None when no free text is in it."""
    last = (entity.sort.fields if entity.is_collection and entity.sort else entity.key_fields)[-1:]
    one = next((f for f in entity.model.fields if f.name in last), None)
    if one is None or one.type.kind is not Kind.STR or one.limits or one.wire == entity.expires:
        return None
    value = f"{samples[entity.model.class_name][one.wire]}-2"
    return f"{one.name}={py_str(value)}"
