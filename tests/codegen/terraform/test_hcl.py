from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.terraform.hcl import comment, key, layout, quote, quote_name, value

HOSTILE = (
    'a"; import os',
    '${file("/etc/passwd")}',
    "$${already}",
    "%{ for x in y }",
    "{{ 7*7 }}",
    "back\\slash",
    "two\nlines\r\n\ttab",
    "\x00\u2028\ufeff",
    "$$$${a}%%%{b}",
    "'; DROP TABLE x; --",
)


def read_back(literal: str) -> str:
    """What HCL makes of a quoted string; a second implementation of the rules of the language."""
    assert literal[0] == literal[-1] == '"'
    body, text, at = literal[1:-1], "", 0
    while at < len(body):
        rest = body[at:]
        if rest.startswith(("$${", "%%{")):
            text, at = text + rest[1:3], at + 3
            continue
        assert not rest.startswith(("${", "%{")), f"interpolation in {literal}"
        assert rest[0] != '"', f"the string ends early in {literal}"
        if rest[0] != "\\":
            text, at = text + rest[0], at + 1
        elif rest[1] == "u":
            text, at = text + chr(int(rest[2:6], 16)), at + 6
        else:
            text, at = text + {"n": "\n", "r": "\r", "t": "\t"}.get(rest[1], rest[1]), at + 2
    return text


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_data(text):
    assert read_back(quote(text)) == text


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))))
def test_any_text_survives_quoting(text):
    assert read_back(quote(text)) == text


@given(st.text(alphabet='$%{}"\\a\n', max_size=12))
def test_signs_of_templates_survive_quoting(text):
    assert read_back(quote(text)) == text


def test_characters_that_nobody_sees_are_written_as_escapes():
    assert quote("a\u202eb\u200bc") == '"a\\u202eb\\u200bc"'


def test_half_a_surrogate_pair_is_no_character():
    assert quote("a\ud800b") == '"a\\ufffdb"'


def test_name_takes_the_environment_and_nothing_else():
    assert quote_name("bbws-{env}-${x}") == '"bbws-${var.environment}-$${x}"'


def test_comment_is_one_line():
    assert comment("one\ntwo\u2028three") == "one two three"


def test_key_is_bare_only_where_hcl_allows_it():
    assert key("detail-type") == "detail-type"
    assert key("aws:arn") == '"aws:arn"'


def test_value_writes_plain_data():
    data = {"a": [1, True, None], "b c": "${x}"}
    assert value(data) == '{ a = [1, true, null], "b c" = "$${x}" }'


def test_value_refuses_what_hcl_has_not():
    with pytest.raises(TypeError, match="object has no HCL form"):
        value(object())


UNTIDY = """\
resource "a" "b" {

for_each = local.x
name = "x=${var.a}"
policy = jsonencode({
Version = "2012"
Statement = [{
Effect = "Allow"
A = 1
}]
})
longer_name = 3 == 4 ? "a" : "b"


dynamic "x" {
for_each = toset([for k, v in x : k if v >= 1])
content {
a = 1
bbb = merge({
c = 1
}, { d = 2 })
}
}

}
# a = comment # "{"
locals {
m = merge(
local.a,
{ a = 1 },
)
}
"""

TIDY = """\
resource "a" "b" {
  for_each = local.x
  name     = "x=${var.a}"
  policy = jsonencode({
    Version = "2012"
    Statement = [{
      Effect = "Allow"
      A      = 1
    }]
  })
  longer_name = 3 == 4 ? "a" : "b"

  dynamic "x" {
    for_each = toset([for k, v in x : k if v >= 1])
    content {
      a = 1
      bbb = merge({
        c = 1
      }, { d = 2 })
    }
  }
}
# a = comment # "{"
locals {
  m = merge(
    local.a,
    { a = 1 },
  )
}
"""


def test_layout_indents_and_aligns():
    assert layout(UNTIDY) == TIDY


def test_layout_leaves_tidy_text_alone():
    assert layout(TIDY) == TIDY


def test_layout_agrees_with_terraform_fmt():
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not on PATH")
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", "-"],
        input=TIDY,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "")
