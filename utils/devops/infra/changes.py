"""A plan as data: what happens to each resource, attribute by attribute, secrets masked.

Read from `terraform show -json`, the documented form of a plan.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from common.masking import mask
from infra.record import Counts, Loss
from infra.stateful import is_stateful

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MASKED = "(sensitive)"
UNKNOWN = "(known after apply)"
ABSENT = "—"
_LONGEST = 100


class Action(Enum):
    """What happens to a resource, the worst first."""

    DELETE = "destroy"
    REPLACE = "replace"
    FORGET = "forget"
    UPDATE = "update"
    CREATE = "create"
    READ = "read"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """One attribute before and after, as text; `forces` when it is why the resource is replaced."""

    path: str
    before: str
    after: str
    forces: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource."""

    address: str
    type: str
    action: Action
    attributes: tuple[AttributeChange, ...] = ()
    reason: str | None = None
    imported: str | None = None
    moved_from: str | None = None

    @property
    def stateful(self) -> bool:
        return is_stateful(self.type)

    @property
    def loses(self) -> bool:
        """Whether something that cannot be made again goes."""
        return self.stateful and self.action in {Action.DELETE, Action.REPLACE}


_ACTIONS = {
    ("no-op",): Action.NONE,
    ("create",): Action.CREATE,
    ("read",): Action.READ,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("forget",): Action.FORGET,
    # Anything newer is treated as the worst it could be.
}


def action_of(words: list[str]) -> Action:
    """The action that Terraform's words stand for; one we do not know counts as destroying."""
    return _ACTIONS.get(tuple(words), Action.DELETE)


def read_changes(shown: Mapping[str, Any], key: str = "resource_changes") -> tuple[Change, ...]:
    """The changes of managed resources in a shown plan; what stays as it is, is left out."""
    found = [_change(raw) for raw in shown.get(key) or () if raw.get("mode") != "data"]
    changes = [entry for entry in found if entry.action is not Action.NONE or entry.imported]
    order = list(Action)
    return tuple(sorted(changes, key=lambda change: (order.index(change.action), change.address)))


def _change(raw: Mapping[str, Any]) -> Change:
    change = raw.get("change") or {}
    deposed = f" (deposed {raw['deposed']})" if raw.get("deposed") else ""
    importing = change.get("importing") or {}
    return Change(
        address=f"{raw['address']}{deposed}",
        type=str(raw.get("type", "")),
        action=action_of(change.get("actions") or []),
        attributes=tuple(attribute_changes(change)),
        reason=raw.get("action_reason"),
        imported=importing.get("id"),
        moved_from=raw.get("previous_address"),
    )


def count(changes: tuple[Change, ...], outputs: int) -> Counts:
    """How many resources of each kind of change."""

    def how_many(action: Action) -> int:
        return sum(change.action is action for change in changes)

    return Counts(
        create=how_many(Action.CREATE),
        update=how_many(Action.UPDATE),
        replace=how_many(Action.REPLACE),
        delete=how_many(Action.DELETE),
        forget=how_many(Action.FORGET),
        outputs=outputs,
    )


def changed_outputs(shown: Mapping[str, Any]) -> int:
    """How many outputs change."""
    outputs = (shown.get("output_changes") or {}).values()
    return sum(entry.get("actions") != ["no-op"] for entry in outputs)


def losses(changes: tuple[Change, ...]) -> tuple[Loss, ...]:
    """The stateful resources that go."""
    return tuple(Loss(c.address, c.action.value) for c in changes if c.loses)


def attribute_changes(change: Mapping[str, Any]) -> Iterator[AttributeChange]:
    """What differs between before and after, leaf by leaf; sensitive values never show."""
    # What is sensitive on one side is masked on both: a lifted mark must not reveal the old value.
    marks = _merged(change.get("before_sensitive"), change.get("after_sensitive"))
    before = _leaves(change.get("before"), marks)
    after = _leaves(change.get("after"), marks)
    after.update(dict.fromkeys(_unknown(change.get("after_unknown")), UNKNOWN))
    forcing = [path_text(path) for path in change.get("replace_paths") or ()]
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path, ABSENT), after.get(path, ABSENT)
        if old == new and not (old == MASKED and _differs(change, path)):
            continue
        forces = any(_is_below(path, start) for start in forcing)
        yield AttributeChange(path, _shown(old), _shown(new), forces)


def _is_below(path: str, start: str) -> bool:
    return path == start or path.startswith((f"{start}.", f"{start}["))


def _merged(first: Any, second: Any) -> Any:
    if first is True or second is True:
        return True
    if isinstance(first, dict) and isinstance(second, dict):
        return {k: _merged(first.get(k), second.get(k)) for k in first.keys() | second.keys()}
    if isinstance(first, list) and isinstance(second, list):
        longest = max(len(first), len(second))
        padded = [part + [None] * (longest - len(part)) for part in (first, second)]
        return [_merged(one, other) for one, other in zip(*padded, strict=True)]
    return first or second


def path_text(path: list[Any]) -> str:
    """`tags.Owner` and `rule[0].id` of Terraform's path steps."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _leaves(value: Any, sensitive: Any, path: str = "") -> dict[str, str]:
    """What is compared: whole and unmasked, as what is cut or masked looks alike."""
    if sensitive is True:
        return {path: MASKED} if path and value is not None else {}
    parsed = _structured(value)
    if isinstance(parsed, dict):
        marks = sensitive if isinstance(sensitive, dict) else {}
        pairs = [(f"{path}.{k}" if path else str(k), v, marks.get(k)) for k, v in parsed.items()]
    elif isinstance(parsed, list):
        listed = sensitive if isinstance(sensitive, list) else []
        marks_at = [*listed, *([None] * len(parsed))]
        pairs = [(f"{path}[{i}]", v, marks_at[i]) for i, v in enumerate(parsed)]
    else:
        return {} if value is None or not path else {path: _text(value)}
    found: dict[str, str] = {}
    for name, item, mark in pairs:
        found.update(_leaves(item, mark, name))
    return found


def _structured(value: Any) -> Any:
    """A policy or definition kept as JSON text is compared as what it says."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _text(value: Any) -> str:
    if value == "":
        return '""'
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shown(text: str) -> str:
    text = mask(text.replace("\n", "⏎"))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _unknown(value: Any, path: str = "") -> Iterator[str]:
    if value is True and path:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _unknown(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(item, f"{path}[{index}]")


def _differs(change: Mapping[str, Any], path: str) -> bool:
    """Whether a masked value is another one, without ever showing it."""
    before, after = _leaves(change.get("before"), None), _leaves(change.get("after"), None)

    def below(leaves: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in leaves.items() if _is_below(name, path)}

    return below(before) != below(after)
