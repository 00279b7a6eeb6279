"""Functions, routes, tables, indexes and alarms as the files under `terraform` declare them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codegen.drift.facts import Column, Fact, Kind, Thing, index_name, route_name
from codegen.drift.terraform_names import Names
from codegen.drift.terraform_text import key_of, terraform_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from codegen.drift.facts import Tree
    from codegen.drift.terraform_text import Line

_FUNCTION, _API = "aws_lambda_function", "aws_api_gateway_rest_api"
_TABLE, _ALARM = "aws_dynamodb_table", "aws_cloudwatch_metric_alarm"


class Deployment(NamedTuple):
    """What a service's things are called in AWS, with `{env}` for the environment."""

    functions: Mapping[str, str]
    tables: Mapping[str, str]
    apis: tuple[str, ...]


def read_infrastructure(tree: Tree, tables: Mapping[str, str]) -> Iterator[Fact]:
    """The facts of the Terraform files.

    Args:
        tree: The repository.
        tables: Names of tables by the label of their resource.
    """
    lines = list(terraform_lines(tree))
    kinds = {line.opened.kind for line in lines if line.opened}
    for line in lines:
        if line.entry_of == "functions" and _FUNCTION in kinds and line.text.endswith("{"):
            yield _fact(Kind.FUNCTION, key_of(line.text), line)
        elif _API in kinds:
            yield from _routes(line)
        yield from _tables(line, tables)
    yield from _alarms(lines)


def deployment(tree: Tree) -> Deployment:
    """The names that AWS will know the things of these files by."""
    lines = list(terraform_lines(tree))
    names = Names(lines)
    tables, apis = {}, []
    for line in lines:
        name = line.value("name") if len(line.blocks) == 1 else None
        if name and line.resource and line.resource.kind == _TABLE:
            tables[line.resource.label] = names.one(name)
        elif name and line.resource and line.resource.kind == _API:
            apis.append(names.one(name))
    return Deployment(names.of("functions"), tables, tuple(apis))


def _fact(kind: Kind, name: str, line: Line) -> Fact:
    return Fact(Thing(kind, name), Column.TERRAFORM, f"{line.path}:{line.number}")


def _routes(line: Line) -> Iterator[Fact]:
    """`get = { … }` in an entry of the map of routes."""
    if len(line.blocks) == 3 and line.blocks[:2] == ("locals", "routes ="):
        method = key_of(line.text)
        if method.isalpha():
            yield _fact(Kind.ROUTE, route_name(method, key_of(line.blocks[2])), line)


def _tables(line: Line, tables: Mapping[str, str]) -> Iterator[Fact]:
    if line.opened and line.opened.kind == _TABLE:
        yield _fact(Kind.TABLE, tables.get(line.opened.label, line.opened.label), line)
    resource = line.resource
    if resource and resource.kind == _TABLE and line.blocks[1:] == ("global_secondary_index",):
        name = line.value("name")
        if name:
            table = tables.get(resource.label, resource.label)
            yield _fact(Kind.INDEX, index_name(table, name.strip('"')), line)


def _alarms(lines: Sequence[Line]) -> Iterator[Fact]:
    """One alarm for each thing that its resource goes through."""
    names = Names(lines)
    each: dict[str, str] = {}
    for line in lines:
        resource = line.resource
        if not resource or resource.kind != _ALARM or len(line.blocks) != 1:
            continue
        source = line.value("for_each")
        if source:
            own = f"{resource.kind}.{resource.label}"
            each[resource.label] = own if source.startswith("{") else source
        name = line.value("alarm_name")
        if name:
            for one in names.expand(name, each.get(resource.label)):
                yield _fact(Kind.ALARM, one, line)
