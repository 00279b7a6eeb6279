"""A rough monthly cost of what a plan adds and removes, where a price is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PRICES = Path(__file__).with_name("prices.yml")


@dataclass(frozen=True, slots=True)
class CostChange:
    """US dollars a month for existing, before use; `unpriced` are addresses with no known price."""

    before: float
    after: float
    unpriced: tuple[str, ...]

    @property
    def delta(self) -> float:
        return round(self.after - self.before, 2)


@cache
def _prices() -> dict[str, Any]:
    import yaml

    loaded: dict[str, Any] = yaml.safe_load(PRICES.read_text(encoding="utf-8"))
    return loaded


def cost_change(shown: Mapping[str, Any]) -> CostChange:
    """What the changed resources cost before and after."""
    before = after = 0.0
    unpriced = []
    for raw in shown.get("resource_changes") or ():
        change = raw.get("change") or {}
        if raw.get("mode") != "managed" or change.get("actions") in (["no-op"], ["read"]):
            continue
        before += _price(raw["type"], change.get("before"))
        after += _price(raw["type"], change.get("after"))
        if raw["type"] in _prices()["unpriced"]:
            unpriced.append(raw["address"])
    return CostChange(round(before, 2), round(after, 2), tuple(sorted(unpriced)))


def _price(resource_type: str, values: Any) -> float:
    if not isinstance(values, dict):
        return 0.0
    prices = _prices()
    price = float(prices["fixed"].get(resource_type, 0.0))
    if values.get("billing_mode") == "PAY_PER_REQUEST":
        return price
    for attribute, each in prices["units"].get(resource_type, {}).items():
        amount = values.get(attribute)
        if isinstance(amount, int | float):
            price += amount * each
    return price
