"""The faults: how each is made, and how it is undone from its record alone.

Undoing can be repeated, works from any stage of the making, and leaves alone what somebody else
changed since.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from common.aws_call import AwsError, Caller
from common.aws_lambda import Functions
from common.errors import RefusedError, UnavailableError

if TYPE_CHECKING:
    from boto3 import Session

ALIAS = "live"
_ATTEMPTS = 5
Details = Mapping[str, str]


class Fault(Protocol):
    """One kind of fault."""

    kind: str

    def prepare(self, identifier: str) -> Details:
        """What undoing will need; changes nothing that callers or Terraform could see."""

    def make(self, identifier: str, details: Details) -> None:
        """Make the fault; what can go wrong half way is undone like the whole."""


@dataclass(frozen=True, slots=True)
class Hands:
    """The calls that make and undo faults."""

    functions: Functions
    lambda_: Caller
    iam: Caller
    sleep: Callable[[float], None]

    @classmethod
    def of(cls, session: Session, sleep: Callable[[float], None]) -> Hands:
        """Those of a session."""
        return cls(
            Functions(session, sleep=sleep),
            Caller(session, "lambda", sleep=sleep),
            Caller(session, "iam", sleep=sleep),
            sleep,
        )


class Throttle:
    """No instance of the function may run."""

    kind = "concurrency"

    def __init__(self, hands: Hands, function: str) -> None:
        self._hands = hands
        self._function = function

    def prepare(self, identifier: str) -> Details:
        del identifier
        before = reserved(self._hands, self._function)
        return {"function": self._function, "before": "" if before is None else str(before)}

    def make(self, identifier: str, details: Details) -> None:
        del identifier
        name = details["function"]
        self._hands.lambda_(
            "put_function_concurrency", FunctionName=name, ReservedConcurrentExecutions=0
        )


def reserved(hands: Hands, function: str) -> int | None:
    """The reserved concurrency of a function; None where nothing is reserved."""
    answer = hands.lambda_("get_function_concurrency", FunctionName=function)
    found = answer.get("ReservedConcurrentExecutions")
    return None if found is None else int(found)


def undo_throttle(hands: Hands, identifier: str, details: Details) -> None:
    """Give the function back what it had, unless somebody has changed it since."""
    del identifier
    name, before = details["function"], details["before"]
    if reserved(hands, name) != 0 or before == "0":
        return
    if before:
        hands.lambda_(
            "put_function_concurrency", FunctionName=name, ReservedConcurrentExecutions=int(before)
        )
    else:
        hands.lambda_("delete_function_concurrency", FunctionName=name)
    if reserved(hands, name) == 0:
        raise UnavailableError(f"{name!r} still may not run")


class BadVersion:
    """A release whose configuration is wrong: a new version with one variable changed."""

    kind = "version"

    def __init__(self, hands: Hands, function: str, variable: str, value: str) -> None:
        self._hands = hands
        self._function = function
        self._variable = variable
        self._value = value

    def prepare(self, identifier: str) -> Details:
        name, functions = self._function, self._hands.functions
        alias = functions.alias(name, ALIAS)
        if alias is None or alias.version == "$LATEST" or alias.weights:
            raise RefusedError(f"alias {ALIAS!r} of {name} does not point to one version")
        if functions.has_provisioned_concurrency(name, ALIAS):
            raise RefusedError(
                f"{name} keeps instances ready: AWS then moves weights of its own",
                hint="--experiment throttle or denied-table",
            )
        known = {version.version for version in functions.versions(name)}
        latest = functions.settle(name)
        # What $LATEST is now, in a version of its own: the record then needs no variable's value.
        kept = functions.publish(name, latest.code_sha256, f"before chaos {identifier}")
        return {
            "function": name,
            "version": alias.version,
            "kept": kept.version,
            "kept_is_new": "" if kept.version in known else "yes",
            "variable": self._variable,
            "value": self._value,
        }

    def make(self, identifier: str, details: Details) -> None:
        name, functions = details["function"], self._hands.functions
        variables = variables_of(self._hands, name)
        _set_variables(self._hands, name, {**variables, self._variable: self._value})
        latest = functions.settle(name)
        bad = functions.publish(name, latest.code_sha256, _mark(identifier))
        alias = functions.alias(name, ALIAS)
        if alias is None or alias.version != details["version"]:
            raise RefusedError(f"alias {ALIAS!r} of {name} was moved by somebody else")
        functions.point(alias, bad.version)


def variables_of(hands: Hands, function: str, version: str = "$LATEST") -> dict[str, str]:
    """A function's variables; they stay in memory."""
    answer = hands.lambda_("get_function_configuration", FunctionName=function, Qualifier=version)
    return dict((answer.get("Environment") or {}).get("Variables") or {})


def undo_bad_version(hands: Hands, identifier: str, details: Details) -> None:
    """Roll the alias back, set the variable as it was, delete the versions that were made."""
    name, functions = details["function"], hands.functions
    made = [v for v in functions.versions(name) if v.description == _mark(identifier)]
    alias = functions.alias(name, ALIAS)
    if alias is not None and alias.version in [version.version for version in made]:
        functions.point(alias, details["version"])
        alias = functions.alias(name, ALIAS)
        if alias is None or alias.version != details["version"]:
            raise UnavailableError(f"alias {ALIAS!r} of {name} did not go back")
    functions.settle(name)
    now = variables_of(hands, name)
    if now.get(details["variable"]) == details["value"]:
        before = variables_of(hands, name, details["kept"])
        rest = {key: value for key, value in now.items() if key != details["variable"]}
        own = {k: v for k, v in before.items() if k == details["variable"]}
        _set_variables(hands, name, {**rest, **own})
    for version in made:
        functions.remove_version(name, version.version)
    if details["kept_is_new"] and any(
        version.version == details["kept"] for version in functions.versions(name)
    ):
        functions.remove_version(name, details["kept"])


def _set_variables(hands: Hands, function: str, variables: Mapping[str, str]) -> None:
    hands.functions.settle(function)
    hands.lambda_(
        "update_function_configuration",
        FunctionName=function,
        Environment={"Variables": dict(variables)},
    )
    hands.functions.settle(function)


def _mark(identifier: str) -> str:
    return f"chaos {identifier}"


class DeniedTable:
    """The function's role may not use the service's tables."""

    kind = "policy"

    def __init__(self, hands: Hands, function: str, tables: tuple[str, ...]) -> None:
        self._hands = hands
        self._function = function
        self._tables = tables

    def prepare(self, identifier: str) -> Details:
        found = self._hands.functions.configuration(self._function)
        if found is None or not self._tables:
            raise RefusedError(f"{self._function} has no tables that could be denied")
        role = found.role.rsplit("/", 1)[-1]
        return {"function": self._function, "role": role, "policy": f"bbws-chaos-{identifier}"}

    def make(self, identifier: str, details: Details) -> None:
        del identifier
        start = "arn:aws:dynamodb:*:*:table"
        tables = [f"{start}/{name}{end}" for name in self._tables for end in ("", "/*")]
        statement = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": tables}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._hands.iam(
            "put_role_policy", RoleName=details["role"], PolicyName=details["policy"],
            PolicyDocument=document,
        )  # fmt: skip


def undo_denied(hands: Hands, identifier: str, details: Details) -> None:
    """Remove the policy; one that is gone is fine."""
    del identifier
    try:
        hands.iam("delete_role_policy", RoleName=details["role"], PolicyName=details["policy"])
    except AwsError as error:
        if error.reason not in ("NoSuchEntity", "NoSuchEntityException"):
            raise


UNDOING: Mapping[str, Callable[[Hands, str, Details], None]] = {
    Throttle.kind: undo_throttle,
    BadVersion.kind: undo_bad_version,
    DeniedTable.kind: undo_denied,
}


def undo(hands: Hands, kind: str, identifier: str, details: Details) -> None:
    """Undo a fault; more than once, as an update of the function may be in progress.

    Raises:
        UnavailableError: It could not be undone; its record stays.
    """
    if kind not in UNDOING:
        raise UnavailableError(f"this version of the tools cannot undo {kind!r}")
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return UNDOING[kind](hands, identifier, details)
        except UnavailableError:
            if attempt == _ATTEMPTS:
                raise
        hands.sleep(2.0)
    return None
