"""DynamoDB expressions: names and values go through placeholders, never into the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Expression:
    """Collects the names and values that the parts of a request refer to."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def name(self, attribute: str) -> str:
        """A placeholder for an attribute."""
        placeholder = f"#n{len(self.names)}"
        self.names[placeholder] = attribute
        return placeholder

    def value(self, value: Any) -> str:
        """A placeholder for a value."""
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = value
        return placeholder

    def arguments(self) -> dict[str, Any]:
        """What the request needs besides the texts."""
        found: dict[str, Any] = {}
        if self.names:
            found["ExpressionAttributeNames"] = self.names
        if self.values:
            found["ExpressionAttributeValues"] = self.values
        return found

    def unchanged(self, stored: Mapping[str, Any], attributes: Sequence[str]) -> list[str]:
        """Conditions that the attributes still are as they were read."""
        return [
            f"{self.name(attribute)} = {self.value(stored[attribute])}"
            if attribute in stored
            else f"attribute_not_exists({self.name(attribute)})"
            for attribute in attributes
        ]

    def assignments(self, attributes: Mapping[str, Any]) -> str:
        """An update text: sets the attributes that have a value, removes the others."""
        kept = {name: value for name, value in attributes.items() if value is not None}
        sets = [f"{self.name(name)} = {self.value(value)}" for name, value in kept.items()]
        removes = [self.name(name) for name in attributes if name not in kept]
        parts = [f"SET {', '.join(sets)}"] if sets else []
        parts += [f"REMOVE {', '.join(removes)}"] if removes else []
        return " ".join(parts)
