"""The rules AWS has for aliases and versions, and moto does not. Pure: facts in, refusal out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What two versions behind one alias must have in common."""

    role: str
    dead_letter_target: str | None


@dataclass(frozen=True, slots=True)
class AliasFacts:
    """What an alias points to: a version, and the share of other versions."""

    version: str
    weights: Mapping[str, float]


class RefusalError(Exception):
    """AWS says no; `kind` is the exception it names."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def weights_of(routing: Mapping[str, Any] | None) -> dict[str, float]:
    """The additional versions of a `RoutingConfig` and their weights."""
    additional = (routing or {}).get("AdditionalVersionWeights") or {}
    return {str(version): float(weight) for version, weight in additional.items()}


def check_alias(alias: AliasFacts, versions: Mapping[str, VersionFacts], arn: str) -> None:
    """Refuse what an alias may not point to.

    Args:
        alias: What the alias would be after the change.
        versions: The versions the function has, `$LATEST` included.
        arn: The function's.

    Raises:
        RefusalError: With the exception AWS would name.
    """
    for version in (alias.version, *alias.weights):
        if version not in versions:
            raise RefusalError("ResourceNotFoundException", f"Function not found: {arn}:{version}")
    if not alias.weights:
        return
    if len(alias.weights) > 1:
        raise _invalid("an alias routes to one additional version at most")
    ((other, weight),) = alias.weights.items()
    if LATEST in (alias.version, other):
        raise _invalid("$LATEST is not supported for an alias pointing to more than 1 version")
    if other == alias.version:
        raise _invalid(f"version {other} is the alias's own; an additional version is another one")
    if not 0.0 <= weight <= 1.0:
        raise _invalid(f"weight {weight} is not between 0.0 and 1.0")
    _check_alike(versions[alias.version], versions[other])


def _check_alike(first: VersionFacts, second: VersionFacts) -> None:
    if first.role != second.role:
        raise _invalid("both versions of an alias must have the same IAM execution role")
    if first.dead_letter_target != second.dead_letter_target:
        raise _invalid("both versions of an alias must have the same dead-letter queue, or none")


def check_revision(given: str | None, current: str) -> None:
    """Refuse an update based on a revision that is no longer current.

    Raises:
        RefusalError: `given` is a revision, and not this one.
    """
    if given and given != current:
        raise RefusalError(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id",
        )


def check_code(given: str | None, current: str) -> None:
    """Refuse to publish other code than the caller means.

    Raises:
        RefusalError: `given` is a digest, and not this one.
    """
    if given and given != current:
        raise _invalid(
            f"CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST ({current}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )


def check_unreferenced(version: str, aliases: Mapping[str, AliasFacts]) -> None:
    """Refuse to delete a version that an alias points to.

    Raises:
        RefusalError: An alias has it, as its version or with a weight.
    """
    users = sorted(
        name for name, alias in aliases.items() if version in (alias.version, *alias.weights)
    )
    if users:
        raise RefusalError(
            "ResourceConflictException",
            f"Version {version} cannot be deleted: it is referenced by alias {', '.join(users)}",
        )


def choose_version(alias: AliasFacts, chance: float) -> str:
    """The version that serves a call, for a chance from 0 up to 1."""
    for version, weight in alias.weights.items():
        if chance < weight:
            return version
        chance -= weight
    return alias.version


def _invalid(message: str) -> RefusalError:
    return RefusalError("InvalidParameterValueException", message)
