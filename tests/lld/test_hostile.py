"""Hostile documents: whatever they hold, reading ends soon, raises nothing and runs nothing."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lld.checklist import checklist
from lld.models_source import json_schema, pydantic_source, table
from lld.openapi import as_markdown, as_yaml, openapi
from lld.parse import parse_text
from lld.summary import as_json, as_text
from lld.validate import validate

HERE = Path(__file__).parent
FUZZ = sorted((HERE / "fuzz").glob("*.md"))
GOLDEN = [path.read_text() for path in sorted((HERE / "golden").glob("*.md"))]
CAREFUL = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def read_everything(text):
    """Parse, and let everything that builds on a design see the result."""
    design = parse_text(text, "1.1.1_LLD_Hostile_Lambda.md")
    report = validate(design)
    last = text.count("\n") + text.count("\r") + 2
    assert all(one.line is None or 0 < one.line <= last for one in report.findings)
    json.dumps(as_json(design))
    document = openapi(design)
    as_yaml(document)
    compile(pydantic_source(design), "models", "exec")
    json.dumps([document, json_schema(design)])
    assert isinstance(as_text(design) + as_markdown(design) + table(design), str)
    assert isinstance(checklist(design, report), str)
    return design


@pytest.mark.parametrize("path", FUZZ, ids=lambda path: path.stem)
def test_fuzz_document_is_read_without_harm(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    read_everything(path.read_bytes().decode())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("yaml_alias_bomb", "yaml_unreadable"),
        ("yaml_recursive_alias", "yaml_unreadable"),
        ("yaml_tabs", "yaml_unreadable"),
        ("python_nested_deeply", "python_unreadable"),
        ("fence_never_closed", "unclosed_fence"),
        ("byte_order_and_controls", "nul_bytes"),
    ],
)
def test_what_could_not_be_read_is_a_problem_with_its_line(name, code):
    design = parse_text((HERE / "fuzz" / f"{name}.md").read_bytes().decode(), name)
    assert [one.line is not None for one in design.problems if one.code == code]


@CAREFUL
@given(st.data())
def test_truncated_documents_are_read(data):
    text = data.draw(st.sampled_from(GOLDEN))
    read_everything(text[: data.draw(st.integers(0, len(text)))])


@CAREFUL
@given(st.data())
def test_shuffled_lines_of_several_documents_are_read(data):
    lines = [
        line
        for text in data.draw(st.lists(st.sampled_from(GOLDEN), max_size=3))
        for line in text.split("\n")
    ]
    read_everything("\n".join(data.draw(st.permutations(lines))))


MARKS = st.sampled_from(
    [
        *(
            "|",
            "`",
            "```",
            "**",
            "#",
            "- ",
            "> ",
            "\n",
            "\n\n",
            "{",
            "}",
            "[",
            "]",
            "(",
            ")",
            ":",
            "/",
        ),
        *(
            "GET ",
            "POST /a/{b}",
            "PK",
            "SK",
            "GSI1",
            "TENANT#{id}",
            "class A(BaseModel):\n    x: int\n",
        ),
        *("|---|---|\n", "| Function | Endpoint |\n", "```yaml\n", "openapi: 3.0.0\n", "paths:\n"),
        *(
            "\0",
            "\ufeff",
            "\u2028",
            "\t",
            "    ",
            "<<enumeration>>",
            "```mermaid\n",
            "├── ",
            "&a *a",
        ),
    ]
)


@CAREFUL
@given(st.lists(MARKS | st.text(max_size=8), max_size=120).map("".join))
def test_any_heap_of_markup_is_read(text):
    read_everything(text)


CELL = st.text(st.characters(exclude_characters="\r\n"), max_size=30)


@CAREFUL
@given(
    st.sampled_from(
        [
            "| Function | Endpoint | Memory | Timeout |",
            "| Entity | PK | SK | GSI1PK |",
            "| Index | PK | SK | Projection |",
            "| Attribute | Type | Key Type | Description |",
            "| Method | Path | Auth | Request |",
            "| User Story # | Epic | User Story | Test Scenario(s) |",
            "| Variable | Description | Example | Default |",
            "| Key | Attribute | Pattern | Example |",
            "| Property | Value | Notes | More |",
        ]
    ),
    st.lists(st.lists(CELL, max_size=6), max_size=6),
)
def test_ragged_tables_of_any_text_are_read(header, rows):
    body = "".join("| " + " | ".join(row) + " |\n" for row in rows)
    read_everything(f"# T LLD\n\n{header}\n|---|---|---|---|\n{body}")


@pytest.mark.parametrize(
    "filling", ["y", " ", "`", "[", "{", "(", "|", "*", "<br>", "GET /", "#", "a-"]
)
def test_cell_of_a_megabyte_costs_little(filling):
    cell = filling * (1_000_000 // len(filling))
    text = f"# T LLD\n\n| Function | Endpoint |\n|---|---|\n| a_b | GET /a |\n| c_d | {cell} |\n"
    started = time.process_time()
    design = parse_text(text, "t.md")
    assert design.functions[0].name == "a_b"
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "text",
    [
        "> " * 5000 + "x\n",
        "- " * 5000 + "x\n",
        "".join("  " * depth + "- x\n" for depth in range(300)),
        "# T LLD\n\n```yaml\nopenapi: " + "[" * 50_000 + "\n```\n",
        "# T LLD\n\n```json\n" + '{"properties": ' * 20_000 + "\n```\n",
        "# T LLD\n\n```python\nclass A:\n    x = " + "(" * 50_000 + "\n```\n",
        "# T LLD\n\n```python\nclass A(B):\n    x: int = 1" + "+1" * 50_000 + "\n```\n",
        "# T LLD\n\n```hcl\n" + 'resource "a" "b" {\n' * 5000 + "```\n",
        "# T LLD\n\n```mermaid\nclassDiagram\n" + "class A {\n" * 5000 + "```\n",
    ],
    ids=lambda text: text[:24].split("\n")[0] + text[-12:-5],
)
def test_deep_nesting_ends_soon(text):
    started = time.process_time()
    read_everything(text)
    assert time.process_time() - started < 5
