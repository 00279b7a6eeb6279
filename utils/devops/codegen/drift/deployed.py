"""What of a service is deployed in an environment; AWS is only read.

A service's functions and tables are found by their tags, its alarms by the functions they watch, so
that what nobody designed is found too.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from codegen.drift.facts import Column, Fact, Kind, Thing, index_name, route_name
from codegen.drift.terraform_names import ENVIRONMENT
from common.aws_call import AwsError, Caller
from common.aws_tagging import Tags

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from boto3 import Session

    from codegen.drift.infrastructure import Deployment

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


class Account:
    """The parts of one account and region that a service is made of."""

    def __init__(self, session: Session) -> None:
        self.tags = Tags(session)
        self._dynamodb = Caller(session, "dynamodb")
        self._apis = Caller(session, "apigateway")
        self._cloudwatch = Caller(session, "cloudwatch")
        self._lambda = Caller(session, "lambda")

    def has_function(self, name: str) -> bool:
        """Whether a function of that name is there; tags are known late, names at once."""
        return _exists(lambda: self._lambda("get_function_configuration", FunctionName=name))

    def indexes(self, table: str) -> list[str] | None:
        """Names of a table's indexes; None when there is no such table."""
        try:
            found: Mapping[str, Any] = self._dynamodb("describe_table", TableName=table)
        except AwsError as error:
            if error.is_missing:
                return None
            raise
        rows = found["Table"].get("GlobalSecondaryIndexes") or []
        return [str(one["IndexName"]) for one in rows]

    def routes(self, api: str) -> list[str]:
        """The routes of the REST APIs of that name."""
        found = []
        for one in self._apis.pages("get_rest_apis", "items"):
            if one["name"] == api:
                resources = self._apis.pages("get_resources", "items", restApiId=one["id"])
                found += [
                    route_name(method, str(row["path"]))
                    for row in resources
                    for method in row.get("resourceMethods") or ()
                    if method in _METHODS
                ]
        return found

    def alarms(self) -> list[tuple[str, dict[str, str]]]:
        """Names of all alarms, with the dimensions of what they watch."""
        rows = self._cloudwatch.pages("describe_alarms", "MetricAlarms")
        return [
            (
                str(row["AlarmName"]),
                {str(one["Name"]): str(one["Value"]) for one in row.get("Dimensions") or ()},
            )
            for row in rows
        ]


def read_deployed(
    account: Account,
    environment: str,
    service: str,
    names: Deployment,
    tables: Mapping[str, str],
    alarms: Collection[str],
) -> Iterator[Fact]:
    """The facts of an environment.

    Args:
        account: Where to look.
        environment: Its name.
        service: The service, as tags have it.
        names: What the design's things are called in AWS.
        tables: Names of tables by the label of their resource.
        alarms: Names of the design's alarms.
    """
    tags = {"Service": service, "Environment": environment}
    functions = {_in(environment, name): module for module, name in names.functions.items()}
    known = {
        _in(environment, name): tables.get(label, label) for label, name in names.tables.items()
    }
    present = _functions(account, functions, tags)
    for function in present:
        yield _fact(Kind.FUNCTION, functions.get(function, function), function)
    tagged = [arn.split("/")[1] for arn in account.tags.find("dynamodb:table", tags)]
    for table in dict.fromkeys([*known, *tagged]):
        indexes = account.indexes(table)
        if indexes is not None:
            name = known.get(table, table)
            yield _fact(Kind.TABLE, name, table)
            for index in indexes:
                yield _fact(Kind.INDEX, index_name(name, index), f"{table}/{index}")
    for api in names.apis:
        for route in account.routes(_in(environment, api)):
            yield _fact(Kind.ROUTE, route, _in(environment, api))
    yield from _alarms(account, environment, present, alarms)


def _fact(kind: Kind, name: str, place: str) -> Fact:
    return Fact(Thing(kind, name), Column.DEPLOYED, place)


def _in(environment: str, name: str) -> str:
    return name.replace(ENVIRONMENT, environment)


def _exists(ask: Any) -> bool:
    try:
        ask()
    except AwsError as error:
        if error.is_missing:
            return False
        raise
    return True


def _functions(account: Account, known: Mapping[str, str], tags: Mapping[str, str]) -> list[str]:
    tagged = [arn.split(":")[6] for arn in account.tags.find("lambda:function", tags)]
    unseen = [name for name in known if name not in tagged and account.has_function(name)]
    return list(dict.fromkeys([*tagged, *unseen]))


def _alarms(
    account: Account, environment: str, functions: Collection[str], designed: Collection[str]
) -> Iterator[Fact]:
    # The plainest name first: `*-age` would take an alarm that has a name of its own.
    ordered = sorted(designed, key=lambda one: ("*" in one, one))
    for name, dimensions in account.alarms():
        is_own = dimensions.get("FunctionName") in functions
        known = next((one for one in ordered if fnmatchcase(name, _in(environment, one))), None)
        if known is not None and (is_own or "*" not in known):
            yield _fact(Kind.ALARM, known, name)
        elif is_own:
            yield _fact(Kind.ALARM, name, name)
