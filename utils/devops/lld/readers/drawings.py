"""ASCII drawings: class boxes and project trees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.facts import EnumFact, Fact, ModelFact, RouteFact, TreeFact, Trust
from lld.model import ModelField, ModelKind
from lld.names import is_service_name
from lld.readers.triggers import trigger_told
from lld.text import routes_in, vocabulary
from lld.types import is_optional_type, python_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence
    from lld.model import Trigger

_ASCII = str.maketrans("┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬─━═│┃║", "+" * 18 + "-" * 3 + "|" * 3)
_EDGE = re.compile(r"\+-{4,}\+")
_TITLE = re.compile(r"([A-Za-z_]\w*)\s*(?:\(([^()]*)\)|<<([^<>]*)>>)?\Z")
_STEREOTYPED = re.compile(r"(?:<<|«)\s*([^<>«»]+?)\s*(?:>>|»)\s*(\w+)\Z")
_MEMBER = re.compile(r"[+#-]?\s*([A-Za-z_]\w*)\s*:\s*(.+?)\s*\Z")
_CONSTANT = re.compile(r"([A-Z][A-Z0-9_]*)\s*=\s*[\"']?([^\"']+?)[\"']?\s*\Z")
_MOST_LINES = 3000


def read_boxes(fence: Fence) -> Iterator[Fact]:
    """Class boxes with a title, a rule and members; several may stand side by side."""
    if "+--" not in fence.text and "┌─" not in fence.text:
        return
    lines = fence.text.translate(_ASCII).split("\n")[:_MOST_LINES]
    for top, line in enumerate(lines):
        for edge in _EDGE.finditer(line[:1000]):
            yield from _box(lines, top, edge.start(), edge.end(), fence.line)


def _box(lines: list[str], top: int, left: int, right: int, first_line: int) -> Iterator[Fact]:
    parts: list[list[str]] = [[]]
    for line in lines[top + 1 : top + 120]:
        inner = line[left:right]
        if inner[:1] == "|" and inner[-1:] == "|" and len(inner) == right - left:
            parts[-1].append(inner[1:-1].strip())
        elif inner[:1] == "+" and inner[-1:] == "+" and not inner.strip("+-"):
            parts.append([])
            if len(parts) > 2:
                break
        else:
            break
    heads = [row for row in parts[0] if row]
    if len(parts) != 3 or not 1 <= len(heads) <= 2:
        return
    title = _TITLE.match(_name_first(" ".join(heads)))
    if title:
        yield from _members(title, parts[1], first_line + top + 1)


def _name_first(head: str) -> str:
    """`<<enum>> State` and `State <<enum>>` are one."""
    found = _STEREOTYPED.match(head)
    return f"{found[2]} <<{found[1]}>>" if found else head


def _members(title: re.Match[str], rows: list[str], line: int) -> Iterator[Fact]:
    rows = [row for row in rows if row]
    name = title[1]
    constants = [found for row in rows if (found := _CONSTANT.match(row))]
    kind = (title[2] or title[3] or "").lower()
    if rows and len(constants) == len(rows):
        yield EnumFact(
            name, tuple(c[2] for c in constants), line, Trust.DRAWN, tuple(c[1] for c in constants)
        )
        return
    if "enum" in kind and rows and all(re.fullmatch(r"[\w-]+", row) for row in rows):
        yield EnumFact(name, tuple(rows), line, Trust.DRAWN)
        return
    members = [
        found for row in rows if "(" not in row.split(":")[0] and (found := _MEMBER.match(row))
    ]
    if not members or len(members) < len(rows) or is_service_name(name):
        return
    fields = tuple(_field(found[1], found[2]) for found in members)
    yield ModelFact(name, ModelKind.CLASS_DIAGRAM, fields, line, Trust.DRAWN)


def _field(name: str, written: str) -> ModelField:
    bare = re.sub(r"\s*\((?:opt|optional)\)\s*\Z", "", written)
    return ModelField(name, python_type(bare), not (is_optional_type(written) or bare != written))


# --- project trees -------------------------------------------------------------------------------

_BRANCH = re.compile(r"^([\s│|]*)(?:[├└+`|][─-]{1,3}\s?)(.*)$")
_ROOT = re.compile(r"([A-Za-z0-9_.-]+)/\s*(?:#.*)?$")
_FILE = re.compile(r"([\w.-]+)(/?)\s*(?:(?:#|<-|←|--|//)\s*(.*))?$")
_HANDLER_FOLDERS = ("handlers", "lambdas", "functions", "lambda")
_NOT_HANDLERS = vocabulary(
    "__init__ base common utils shared helpers conftest decorators middleware"
)


def read_project_tree(fence: Fence) -> Iterator[Fact]:
    """The root folder, the handler modules and the routes in their comments."""
    text = fence.text
    if "──" not in text and "|--" not in text and "+--" not in text:
        return
    lines = text.split("\n")[:_MOST_LINES]
    root, root_line = _root(lines)
    handlers: list[tuple[str, int]] = []
    folders: list[tuple[int, str]] = []
    triggers: dict[str, Trigger | None] = {}
    for offset, line in enumerate(lines):
        branch = _BRANCH.match(line[:400])
        if not branch:
            continue
        depth, entry = len(branch[1]), _FILE.match(branch[2].strip())
        if not entry:
            continue
        while folders and folders[-1][0] >= depth:
            folders.pop()
        if entry[2]:
            folders.append((depth, entry[1].lower()))
            continue
        if _is_handler(entry[1], folders):
            name = entry[1].removesuffix(".py")
            handlers.append((name, fence.line + offset))
            triggers[name] = trigger_told(entry[3] or "") or triggers.get(name)
            for method, path in routes_in(entry[3] or ""):
                yield RouteFact(
                    method, path, fence.line + offset, Trust.TOLD, name, section=fence.section
                )
    if root or handlers:
        started = tuple((name, one) for name, one in triggers.items() if one)
        yield TreeFact(root, fence.line + root_line, tuple(handlers), started)


def _root(lines: list[str]) -> tuple[str | None, int]:
    """The folder above the first branch."""
    for offset, line in enumerate(lines[:3]):
        found = _ROOT.match(line.strip()[:200])
        if found and not _BRANCH.match(line[:400]):
            return found[1], offset
    return None, 0


def _is_handler(name: str, folders: list[tuple[int, str]]) -> bool:
    if not name.endswith(".py") or name.removesuffix(".py") in _NOT_HANDLERS:
        return False
    inside = [folder for _, folder in folders]
    if "tests" in inside or "test" in inside or name.startswith("test_"):
        return False
    return bool(inside) and inside[-1] in _HANDLER_FOLDERS
