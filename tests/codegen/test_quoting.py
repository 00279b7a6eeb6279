"""Values come back as they went in, whatever they hold, and never get out of their literal."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from codegen.quoting import (
    bracketed,
    comment,
    docstring,
    imports,
    markdown,
    markdown_code,
    one_line,
    py_regex,
    py_str,
    py_tuple,
    py_value,
    sentence,
    shell,
    toml_str,
    yaml_str,
)

TEXT = st.text(max_size=80)
HOSTILE = st.one_of(
    TEXT, st.sampled_from(['"""', "'''", "\\", '\\"', "{{ 7*7 }}", "\u202e", "a\nb"])
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), HOSTILE),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


@given(HOSTILE)
def test_a_string_comes_back(text):
    assert ast.literal_eval(py_str(text)) == text
    assert ast.literal_eval(py_regex(text)) == text


@given(JSON, st.integers(0, 60))
def test_a_value_comes_back(value, before):
    assert ast.literal_eval(py_value(value, before=before)) == value


@given(HOSTILE)
def test_a_docstring_is_one_string_and_nothing_else(text):
    tree = ast.parse(docstring(text) + "\nafter = 1\n")
    assert isinstance(tree.body[0], ast.Expr)
    assert isinstance(tree.body[0].value, ast.Constant)
    assert len(tree.body) == 2


@given(HOSTILE)
def test_a_comment_stays_one(text):
    assert ast.parse(comment(text) + "\n").body == []


@given(HOSTILE)
def test_a_line_is_one(text):
    assert "\n" not in one_line(text)
    assert one_line(text) == one_line(one_line(text))


@given(HOSTILE)
def test_toml_and_yaml_hold_the_line(text):
    assert tomllib.loads(f"name = {toml_str(text)}") == {"name": one_line(text)}
    assert yaml.safe_load(yaml_str(one_line(text))) == one_line(text)


@given(HOSTILE)
def test_markdown_holds_the_text(text):
    (_, inline, _) = MarkdownIt().parse(f"x {markdown(text)} x")
    kinds = {token.type for token in inline.children or []}
    assert kinds <= {"text", "text_special"}


@given(HOSTILE)
def test_a_code_span_is_one(text):
    (_, inline, _) = MarkdownIt().parse(f"x {markdown_code(text)} x")
    assert [token.type for token in inline.children or []].count("code_inline") == 1


def test_a_shell_word_is_one():
    assert shell("a; rm -rf /") == "'a; rm -rf /'"


def test_a_sentence_starts_and_ends_like_one():
    assert sentence("get a cart", "x") == "Get a cart."
    assert sentence(None, "nothing said") == "Nothing said."


def test_imports_are_in_order():
    lines = ["src.b:Two", "src.b:ONE", "src.b:three", "json", "pytest:fixture as f", "pytest:mark"]
    assert imports(lines) == (
        "import json\n\nfrom pytest import fixture as f\nfrom pytest import mark\n\n"
        "from src.b import ONE, Two, three"
    ) or imports(lines) == (
        "import json\n\nfrom pytest import mark\nfrom pytest import fixture as f\n\n"
        "from src.b import ONE, Two, three"
    )


@pytest.mark.parametrize("length", [1, 40, 200])
def test_what_does_not_fit_goes_one_a_line(length):
    text = bracketed("call(", ["a" * length, "b"], ")", 4)
    assert ("\n" in text) == (length > 80)
    assert py_tuple(["1"]) == "(1,)"
    assert py_tuple(["a" * length]).startswith("(")


@pytest.mark.parametrize("width", range(80, 108, 3))
def test_generated_layout_is_the_formatter_s_own(tmp_path, width):
    items = ["a" * (width // 3), "b" * (width // 3), "c" * (width // 4)]
    source = f"{bracketed('call(', items, ')')}\nx = {py_value(items, before=4)}\n"
    source += f"y = {py_value({'k' * (width // 2): ['v' * (width // 3)]}, before=4)}\n"
    source += f"\n\ndef f():\n    {docstring('word ' * (width // 5), 4)}\n"
    path = tmp_path / "x.py"
    path.write_text(source)
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--diff", "--isolated", "--line-length=100", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_json_is_data():
    assert json.loads(py_str("plain")) == "plain"
