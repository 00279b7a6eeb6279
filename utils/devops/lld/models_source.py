"""A design's models as Pydantic source, as JSON Schema, or as a table."""

from __future__ import annotations

import json
import keyword
import re
from typing import TYPE_CHECKING, Any

from lld.schemas import Schemas, defined_names, fitting
from lld.text import fold, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.model import Design, Enumeration, Model, ModelField

_ARGUMENTS = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
    "pattern": "pattern",
}
_NAME = re.compile(r"[A-Za-z_]\w*")
_BUILTIN = frozenset(["str", "int", "float", "bool", "bytes", "list", "dict", "set"])
_IMPORTED = {
    "Any": "typing",
    "Literal": "typing",
    "Decimal": "decimal",
    "datetime": "datetime",
    "date": "datetime",
    "time": "datetime",
    "UUID": "uuid",
}


def json_schema(design: Design) -> dict[str, Any]:
    """Every model and enumeration under `$defs`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": design.title or design.document,
        "$defs": Schemas(design, "#/$defs/").all(),
    }


def table(design: Design) -> str:
    """One Markdown table a model, and one of the enumerations."""
    parts = []
    for model in design.models:
        lines = [
            f"### {model.name}",
            "",
            "| Field | Type | Required | Constraints | Description |",
            "|-------|------|----------|-------------|-------------|",
        ]
        for one in model.fields:
            limits = ", ".join(f"{key}={value}" for key, value in one.constraints.items())
            name = f"{one.name} ({one.alias})" if one.alias else one.name
            cells = (name, one.type or "", "yes" if one.required else "no", limits)
            lines.append("| " + " | ".join(map(_cell, (*cells, one.description or ""))) + " |")
        parts.append("\n".join(lines))
    if design.enums:
        lines = ["### Enumerations", "", "| Name | Values |", "|------|--------|"]
        lines += [f"| {e.name} | {_cell(', '.join(e.values))} |" for e in design.enums]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


# --- Pydantic ------------------------------------------------------------------------------------


def pydantic_source(design: Design) -> str:
    """A Python module with every enumeration and model, bases before what derives from them."""
    return _Module(design).source()


def _literal(value: Any) -> str:
    """A value as Python source, texts in double quotes."""
    if not isinstance(value, str):
        return repr(value)
    text = json.dumps(value, ensure_ascii=False)
    return text if value.isprintable() else ascii(value)


def identifier(name: str, *, is_class: bool = False) -> str:
    """A name that is safe as a Python identifier."""
    parts = words(name)
    made = "".join(p[0].upper() + p[1:] for p in parts) if is_class else "_".join(parts)
    if is_class and re.fullmatch(r"[A-Za-z]\w*", name):
        made = name
    made = made or ("Item" if is_class else "field")
    if made[0].isdigit():
        made = ("N" if is_class else "n") + made
    return made + "_" if keyword.iskeyword(made) or keyword.issoftkeyword(made) else made


class _Module:
    def __init__(self, design: Design) -> None:
        self._design = design
        self._schemas = Schemas(design, "#")
        self._classes = {
            fold(name): identifier(name, is_class=True) for name in defined_names(design)
        }
        self._models = {fold(model.name): model for model in design.models}
        self._imports: dict[str, set[str]] = {"pydantic": {"BaseModel"}}

    def source(self) -> str:
        blocks = [self._enum(one) for one in self._design.enums]
        blocks += [self._model(one) for one in self._ordered()]
        if self._design.enums:
            self._imports["enum"] = {"StrEnum"}
        head = ['"""Data models of the service."""', "from __future__ import annotations"]
        standard = sorted(name for name in self._imports if name != "pydantic")
        if standard:
            head.append("\n".join(self._import(name) for name in standard))
        head.append(self._import("pydantic"))
        return "\n\n".join(head) + "\n\n\n" + "\n\n\n".join(blocks) + "\n"

    def _import(self, module: str) -> str:
        return f"from {module} import {', '.join(sorted(self._imports[module]))}"

    def _ordered(self) -> Iterator[Model]:
        done: set[str] = set()
        for model in self._design.models:
            chain: list[Model] = []
            current: Model | None = model
            while current and fold(current.name) not in done:
                done.add(fold(current.name))
                chain.append(current)
                bases = [fold(base) for base in current.bases if fold(base) in self._models]
                current = self._models[bases[0]] if bases else None
            yield from reversed(chain)

    def _enum(self, enum: Enumeration) -> str:
        lines = [f"class {self._classes[fold(enum.name)]}(StrEnum):"]
        lines += [f'    """Values of {enum.name}."""', ""] if enum.name.isidentifier() else []
        names = enum.members if len(enum.members) == len(enum.values) else enum.values
        seen: set[str] = set()
        for name, value in zip(names, enum.values, strict=True):
            member = identifier(name).upper()
            while member in seen:
                member += "_"
            seen.add(member)
            lines.append(f"    {member} = {_literal(value)}")
        return "\n".join(lines)

    def _model(self, model: Model) -> str:
        own = fold(model.name)
        bases = [self._classes[fold(b)] for b in model.bases if fold(b) in self._models]
        bases = [base for base in bases if base != self._classes[own]][:1]
        lines = [f"class {self._classes[own]}({', '.join(bases) or 'BaseModel'}):"]
        config = self._config(model) if not bases else ""
        if config:
            self._imports["pydantic"].add("ConfigDict")
            lines += [f"    model_config = ConfigDict({config})", ""]
        seen: set[str] = set()
        for one in model.fields:
            line, name = self._field(one)
            if name not in seen:
                lines.append(line)
                seen.add(name)
        return "\n".join(lines) if len(lines) > 1 else lines[0] + "\n    pass"

    def _config(self, model: Model) -> str:
        """Settings: names beside aliases, and Python's own engine for patterns that look around."""
        settings = []
        if any(one.alias or identifier(one.name) != one.name for one in model.fields):
            settings.append("populate_by_name=True")
        patterns = [str(one.constraints.get("pattern", "")) for one in model.fields]
        if any(sign in pattern for pattern in patterns for sign in ("(?=", "(?!", "(?<", "(?P=")):
            settings.append('regex_engine="python-re"')
        return ", ".join(settings)

    def _field(self, field: ModelField) -> tuple[str, str]:
        name = identifier(field.name)
        alias = field.alias or (field.name if name != field.name else None)
        kind = self._type(field)
        schema = self._schemas.type(field.type)
        limits = fitting(schema, {k: v for k, v in field.constraints.items() if k != "enum"})
        default = limits.pop("default", None) if "$ref" not in schema else None
        arguments = [f"{_ARGUMENTS[k]}={_literal(v)}" for k, v in limits.items() if k in _ARGUMENTS]
        if alias:
            arguments.append(f"alias={_literal(alias)}")
        if field.description:
            arguments.append(f"description={_literal(field.description)}")
        if not field.required and default is None:
            kind, shown = f"{kind} | None", "None"
        else:
            shown = "" if default is None else _literal(default)
        if isinstance(default, (list, dict)):
            arguments.insert(0, f"default_factory={type(default).__name__}")
        elif arguments and shown:
            arguments.insert(0, f"default={shown}")
        if arguments:
            self._imports["pydantic"].add("Field")
            return f"    {name}: {kind} = Field({', '.join(arguments)})", name
        return f"    {name}: {kind}{f' = {shown}' if shown else ''}", name

    def _type(self, field: ModelField) -> str:
        values = field.constraints.get("enum")
        if isinstance(values, list) and field.type in (None, "str") and values:
            self._imports.setdefault("typing", set()).add("Literal")
            return f"Literal[{', '.join(_literal(str(value)) for value in values)}]"
        return _NAME.sub(self._name, field.type or "Any") or "Any"

    def _name(self, found: re.Match[str]) -> str:
        name = found[0]
        if name in _BUILTIN or name == "None":
            return name
        if fold(name) in self._classes:
            return self._classes[fold(name)]
        known = name if name in _IMPORTED else "Any"
        self._imports.setdefault(_IMPORTED[known], set()).add(known)
        return known
