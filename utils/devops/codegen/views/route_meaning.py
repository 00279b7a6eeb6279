"""What a route means: the action its method and path say, and the entity they say it of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codegen.naming import is_plural, singular, words
from codegen.views.model_view import Models, ModelView, Role
from codegen.views.operation_view import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.views.entity_view import EntityIndex, EntityView
    from codegen.views.operation_sources import Source
    from codegen.views.routes import Param, Route

Keys = tuple[tuple[str, str], ...]
"""`(field, parameter)` pairs."""

_VERBS = {
    Action.CREATE: ("create", "add", "assign", "new"),
    Action.UPDATE: ("update", "change", "edit"),
}

CLAIMED = frozenset({"tenant_id"})
"""Key fields that a caller's token gives when the path does not."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One route in the light of the entities and models of its design."""

    models: Models
    entities: Sequence[EntityView]
    source: Source

    @property
    def route(self) -> Route:
        return self.source.route

    def action(self) -> tuple[Action, str]:
        """What method and path say, and the noun of the path they say it of."""
        segments, statics = self.route.segments, self.route.statics
        noun = statics[-1] if statics else ""
        method = self.route.method
        if method == "GET" and noun.lower() in ("health", "healthz", "healthcheck"):
            return Action.HEALTH, noun
        if segments and segments[-1].startswith("{"):
            actions = {
                "GET": Action.GET,
                "PUT": Action.UPDATE,
                "PATCH": Action.UPDATE,
                "DELETE": Action.DELETE,
            }
            return actions.get(method, Action.OTHER), noun
        if method == "GET":
            return (Action.LIST if is_plural(_last_word(noun)) else Action.GET), noun
        return (Action.CREATE if method == "POST" else Action.OTHER), noun

    def entity(
        self, action: Action, noun: str
    ) -> tuple[EntityView | None, EntityIndex | None, Keys]:
        """The entity of that noun whose keys the path fills best, with how it is found."""
        candidates = self.called(noun)
        if not candidates:
            return self._owner(), None, ()
        if action in (Action.LIST, Action.CREATE):
            return self._closest(candidates), None, ()
        for entity in candidates:
            keys = self.bound(entity, entity.key_fields)
            if keys is not None:
                return entity, None, keys
        for entity in candidates:
            for index in entity.indexes:
                partition = self.bound(entity, index.partition.fields)
                if partition and self.names_last(partition):
                    return entity, index, partition
        return candidates[0], None, ()

    def called(self, noun: str) -> list[EntityView]:
        """The entities that a word of the path names: `orders`, `order`, `line-items`.

        `items` below `carts` also means `cart item`, and `users` `user assignment`, when nothing is
        called by the word alone.
        """
        asked = words(noun)
        if not asked:
            return []
        forms = {"".join([*asked[:-1], singular(asked[-1])]), "".join(asked)}
        statics = self.route.statics
        position = statics.index(noun) if noun in statics else 0
        above = "".join(singular(one) for one in words(statics[position - 1])) if position else ""
        for wanted in (forms, {above + form for form in forms} if above else set()):
            exact = [
                one
                for one in self.entities
                if wanted & {"".join(words(one.name)), "".join(words(one.model.design))}
            ]
            if exact:
                return exact
        return [
            one
            for one in self.entities
            if len(words(one.name)) == 2 and words(one.name)[0] in forms
        ]

    def names_last(self, keys: Keys) -> bool:
        """Whether the last parameter of the path is among the sources."""
        params = self.route.params
        return bool(params) and params[-1].name in {name for _, name in keys}

    def _owner(self) -> EntityView | None:
        """The entity of an enclosing part of the path, whose service an action belongs to."""
        for noun in reversed(self.route.statics):
            found = self.called(noun)
            if found:
                return self._closest(found)
        return None

    def _closest(self, candidates: Sequence[EntityView]) -> EntityView:
        """The candidate most of whose partition the path fills."""

        def score(entity: EntityView) -> tuple[bool, int]:
            bound = self.bound(entity, entity.partition.fields)
            return (bound is not None, len(bound or ()))

        return max(candidates, key=score)

    def bound(self, entity: EntityView, fields: Sequence[str]) -> Keys | None:
        """A source for each field: a parameter of the path, or a claim; None when one has none."""
        found = []
        for name in fields:
            param = self._param_for(entity, name)
            if param:
                found.append((name, param.name))
            elif self.is_claimed(name, entity):
                found.append((name, name))
            else:
                return None
        return tuple(dict.fromkeys(found))

    def is_claimed(self, name: str, entity: EntityView) -> bool:
        """Whether the caller's token gives this key field; only where a token is asked for."""
        endpoint = self.source.endpoint
        own = entity.id_field is not None and entity.id_field.name == name
        asked = endpoint is not None and endpoint.auth == "jwt"
        return name in CLAIMED and asked and not own

    def claims(self, keys: Keys) -> tuple[str, ...]:
        """Sources that are no parameters of the path."""
        params = {one.name for one in self.route.params}
        return tuple(name for _, name in keys if name not in params)

    def _param_for(self, entity: EntityView, name: str) -> Param | None:
        parts = words(name)
        for param in self.route.params:
            if words(param.wire) == parts:
                return param
        own = {"".join(words(entity.model.design)), "".join(words(entity.name))}
        last = self.route.params[-1] if self.route.params else None
        ends = bool(self.route.segments) and self.route.segments[-1].startswith("{")
        if last is None or not ends:
            return None
        asked = words(last.wire)
        names_own = asked[-1:] == ["id"] and "".join(asked[:-1]) in own
        if name == "id" and (names_own or asked == ["id"]):
            return last
        if parts[-1:] == ["id"] and "".join(parts[:-1]) in own and asked in (["id"], parts):
            return last
        return None

    def status(self, action: Action) -> int:
        responses = self.source.endpoint.responses if self.source.endpoint else ()
        stated = next((one.status for one in responses if 200 <= one.status < 300), None)
        usual = {Action.CREATE: 201, Action.DELETE: 204}.get(action, 200)
        allowed = (200, 201, 202, 204)
        return stated if stated in allowed else usual

    def request(self, action: Action, entity: EntityView | None) -> ModelView | None:
        if self.route.method not in ("POST", "PUT", "PATCH"):
            return None
        stated = self.source.endpoint.request_model if self.source.endpoint else None
        if stated and stated in self.models.models:
            return self.models.models[stated]
        wanted = [set(words(self.source.name.split("_of_")[0]))]
        if self.source.function:
            wanted.append(set(words(self.source.function.name)))
        noun = singular((words(self.route.statics[-1]) or [""])[-1]) if self.route.statics else ""
        wanted += [{verb, noun} for verb in _VERBS.get(action, ())]
        if entity and self.route.statics and entity in self.called(self.route.statics[-1]):
            wanted += [{verb, *words(entity.model.design)} for verb in _VERBS.get(action, ())]
        best, most = None, 0
        for model in self.models.models.values():
            own = {one for one in words(model.design) if one != "request"}
            fitting = model.role is Role.REQUEST and any(own <= asked for asked in wanted)
            if fitting and own and len(own) > most:
                best, most = model, len(own)
        alone = best is not None and best.design.lower().startswith(self.source.name)
        return best if most > 1 or alone else None

    def response(self) -> ModelView | None:
        stated = self.source.endpoint.response_model if self.source.endpoint else None
        return self.models.models.get(stated) if stated else None


def _last_word(noun: str) -> str:
    return (words(noun) or [""])[-1]
