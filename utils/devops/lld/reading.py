"""Which reader sees which block. One pass: blocks in, facts out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lld.blocks import Block, Fence, Heading, Item, Paragraph, Table, is_set_aside
from lld.document import each_block, normalize
from lld.facts import EntityFact, Fact, Findings, FunctionFact, IndexFact, ModelFact, TableFact
from lld.model import Headline, Problem, Severity
from lld.readers import (
    aligned,
    attributes,
    cdk,
    cli_tables,
    code,
    details,
    drawings,
    enums,
    function_lines,
    functions,
    items,
    key_lines,
    keys,
    listings,
    mentions,
    mermaid,
    openapi_block,
    properties,
    queue_lines,
    routes,
    scenarios,
    secrets,
    terraform,
    typescript,
    variable_lines,
    variables,
)

TABLES: tuple[Callable[[Table], Iterator[Fact]], ...] = (
    properties.read_table,
    functions.read_table,
    routes.read_table,
    keys.read_table,
    attributes.read_table,
    enums.read_table,
    enums.read_list,
    scenarios.read_table,
    variables.read_table,
    mentions.read_table,
    listings.read_errors,
    listings.read_requirements,
    listings.read_tags,
    listings.read_history,
    details.read_parameters,
    details.read_statuses,
    secrets.read_table,
)
HEADINGS: tuple[Callable[[Heading], Iterator[Fact]], ...] = (
    function_lines.read_heading,
    routes.read_heading,
    scenarios.read_heading,
    lambda heading: key_lines.read_heading_table(heading.section, heading.line),
)
PARAGRAPHS: tuple[Callable[[Paragraph], Iterator[Fact]], ...] = (
    properties.read_paragraph,
    function_lines.read_paragraph,
    routes.read_paragraph,
    key_lines.read_paragraph,
    scenarios.read_paragraph,
    variable_lines.read_line,
    enums.read_line,
    mentions.read_lines,
    queue_lines.read_line,
    secrets.read_lines,
)
ITEMS: tuple[Callable[[Item], Iterator[Fact]], ...] = (
    properties.read_item,
    function_lines.read_item,
    routes.read_item,
    key_lines.read_item,
    scenarios.read_item,
    variable_lines.read_item,
    variable_lines.read_line,
    enums.read_item,
    attributes.read_field_item,
    enums.read_line,
    mentions.read_lines,
    queue_lines.read_line,
    secrets.read_lines,
)

_Reader = Callable[[Fence], Iterator[Fact]]
_DRAWN: tuple[_Reader, ...] = (
    mermaid.read_undeclared,
    drawings.read_project_tree,
    drawings.read_boxes,
    routes.read_url_tree,
    routes.read_request_example,
    routes.read_route_list,
    items.read_items,
    aligned.read_key_table,
    variable_lines.read_assignments,
    mentions.read_fence,
)
_SHELL: tuple[_Reader, ...] = (
    cli_tables.read_create_table,
    variable_lines.read_assignments,
    mentions.read_fence,
)
_YAML: tuple[_Reader, ...] = (
    openapi_block.read_structured,
    variable_lines.read_assignments,
    mentions.read_fence,
)
_JSON: tuple[_Reader, ...] = (items.read_items, details.read_example, *_YAML)
_PYTHON: tuple[_Reader, ...] = (code.read_python, items.read_items, mentions.read_fence)
_HCL: tuple[_Reader, ...] = (terraform.read_terraform, mentions.read_fence)
_UNLISTED: tuple[_Reader, ...] = (mentions.read_fence,)
_TYPESCRIPT: tuple[_Reader, ...] = (typescript.read_typescript, cdk.read_cdk)
FENCES: dict[str, tuple[_Reader, ...]] = {
    "": _DRAWN,
    "text": _DRAWN,
    "txt": _DRAWN,
    "plaintext": _DRAWN,
    "plain": _DRAWN,
    "ascii": _DRAWN,
    "tree": _DRAWN,
    "http": (routes.read_request_example,),
    "bash": _SHELL,
    "sh": _SHELL,
    "shell": _SHELL,
    "console": _SHELL,
    "env": _SHELL,
    "dotenv": _SHELL,
    "ini": _SHELL,
    "properties": _SHELL,
    "yaml": _YAML,
    "yml": _YAML,
    "openapi": _YAML,
    "json": _JSON,
    "json5": _JSON,
    "jsonc": _JSON,
    "javascript": (*_TYPESCRIPT, items.read_items),
    "typescript": _TYPESCRIPT,
    "ts": _TYPESCRIPT,
    "tsx": _TYPESCRIPT,
    "python": _PYTHON,
    "py": _PYTHON,
    "python3": _PYTHON,
    "hcl": _HCL,
    "terraform": _HCL,
    "tf": _HCL,
    "mermaid": (mermaid.read_mermaid,),
    "plantuml": (mermaid.read_plantuml,),
    "puml": (mermaid.read_plantuml,),
    "uml": (mermaid.read_plantuml,),
    "gherkin": (scenarios.read_gherkin,),
    "feature": (scenarios.read_gherkin,),
    "cucumber": (scenarios.read_gherkin,),
}
_SET_ASIDE: dict[type, tuple[Callable[[Any], Iterator[Fact]], ...]] = {
    Table: (listings.read_history, secrets.read_table),
    Paragraph: (secrets.read_lines,),
    Item: (secrets.read_lines,),
}
"""What is still read where a document tells of things that are not built."""


def read(text: str) -> Findings:
    """Every fact of a document."""
    findings = Findings()
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        findings.add(_problem("nul_bytes", "the document holds NUL bytes", line, "remove them"))

    def visit(block: Block) -> None:
        if isinstance(block, Heading):
            section = block.section
            findings.title = findings.title or section.title or None
            findings.headings.append(Headline(section.title, section.level, section.line))
        for fact in _facts(block):
            findings.add(fact)

    each_block(normalize(text), visit)
    return findings


_OWNED = (FunctionFact, TableFact, IndexFact, EntityFact, ModelFact)
"""Facts that make something the service's own."""


def _facts(block: Block) -> Iterator[Fact]:
    facts = _read_block(block)
    if block.section.is_of_others:
        return (fact for fact in facts if not isinstance(fact, _OWNED))
    return facts


def _read_block(block: Block) -> Iterator[Fact]:
    if isinstance(block, Table):
        yield from _table_problems(block)
    elif isinstance(block, Fence):
        yield from _fence_problems(block)
        yield from secrets.read_fence(block)
    for reader in _readers(block):
        yield from reader(block)


def _is_set_aside(block: Block) -> bool:
    caption = getattr(block, "caption", "")
    return block.section.is_set_aside or (bool(caption) and is_set_aside(caption))


def _readers(block: Block) -> tuple[Callable[[Any], Iterator[Fact]], ...]:
    if _is_set_aside(block):
        return _SET_ASIDE.get(type(block), ())
    if isinstance(block, Table):
        return TABLES
    if isinstance(block, Fence):
        return FENCES.get(block.language, _UNLISTED)
    if isinstance(block, Paragraph):
        return PARAGRAPHS
    return ITEMS if isinstance(block, Item) else HEADINGS


def _fence_problems(fence: Fence) -> Iterator[Fact]:
    if not fence.closed:
        yield _problem(
            "unclosed_fence",
            "this code block is never closed: the rest of the document is inside it",
            fence.line - 1,
            "close the block with ```",
        )


def _table_problems(table: Table) -> Iterator[Fact]:
    if table.ragged is not None:
        yield _problem(
            "ragged_table",
            f"this row does not have the {len(table.header)} cells of the table's header",
            table.ragged,
            "give every row as many cells as the header; write | inside a cell as \\|",
        )


def _problem(code_: str, message: str, line: int, fix: str) -> Problem:
    return Problem(Severity.WARNING, code_, message, line, fix)
