"""YAML under test may be hostile: every problem is a finding with its line, in bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.workflow.yaml_tree import Kind, read


def problem(content: bytes) -> tuple[str, int]:
    document = read(content)
    finding = document.findings[-1]
    return finding.rule, finding.line


def alias_bomb(levels: int) -> bytes:
    rows = [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        before = f"*a{level - 1}"
        rows.append(f"a{level}: &a{level} [{', '.join([before] * 9)}]".encode())
    return b"\n".join(rows)


@pytest.mark.parametrize(
    ("content", "rule", "line"),
    [
        pytest.param(b"a: 1\nb: 2\na: 3\n", "yaml-duplicate-key", 3, id="duplicate key"),
        pytest.param(b"a:\n\t- b\n", "yaml-syntax", 2, id="tab"),
        pytest.param(b"a: 1\nb: [1, 2\n", "yaml-syntax", 2, id="unclosed"),
        pytest.param(b"a: !!python/object/apply:os.system [x]", "yaml-tag", 1, id="tag"),
        pytest.param(b"a: !custom x", "yaml-tag", 1, id="custom tag"),
        pytest.param(b"a: &a [*a]", "yaml-alias", 1, id="contains itself"),
        pytest.param(b"a: *nobody", "yaml-alias", 1, id="unknown alias"),
        pytest.param(b"a: 1\n---\nb: 2\n", "yaml-documents", 2, id="two documents"),
        pytest.param(b"a: 1\nb: \xff\xfe", "yaml-encoding", 2, id="not UTF-8"),
        pytest.param(b"a: 1\nb: \x00", "yaml-syntax", 2, id="control character"),
        pytest.param("a: 1".encode("utf-16"), "yaml-encoding", 1, id="UTF-16"),
        pytest.param(b"? {a: b}\n: c", "yaml-key", 1, id="mapping as key"),
        pytest.param(b"a: &a {b: 1}\nc:\n  <<: *a\n", "yaml-merge-key", 3, id="merge key"),
        pytest.param(b"\xef\xbb\xbfa: 1", "yaml-bom", 1, id="byte order mark"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(content: bytes, rule: str, line: int) -> None:
    assert problem(content) == (rule, line)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        pytest.param(b"a: x\n" * 2_500_000, "yaml-size", id="10 MB"),
        pytest.param(b"[" * 900_000, "yaml-depth", id="deep lists"),
        pytest.param(b"a: " + b"{b: " * 200_000, "yaml-depth", id="deep mappings"),
        pytest.param(alias_bomb(20), "yaml-aliases", id="alias bomb"),
        pytest.param(b"- x\n" * 200_000, "yaml-aliases", id="too many values"),
    ],
)
def test_hostile_yaml_ends_in_bounded_time(content: bytes, rule: str) -> None:
    started = time.process_time()
    assert problem(content)[0] == rule
    assert time.process_time() - started < 2


def test_scalars_are_resolved_as_github_does() -> None:
    root = read(b"on: yes\nb: true\nc: 010\nd: '3.12'\ne: 3.12\nf: ~\ng: 0o17\n").root
    assert root is not None
    assert root.plain() == {
        "on": "yes",
        "b": True,
        "c": 10,
        "d": "3.12",
        "e": 3.12,
        "f": None,
        "g": 15,
    }


def test_aliases_within_bounds_are_followed() -> None:
    root = read(b"a: &a {x: 1}\nb: *a\n").root
    assert root is not None
    assert root.plain() == {"a": {"x": 1}, "b": {"x": 1}}
    alias = root.get("b")
    assert alias is not None
    assert (alias.kind, alias.line) == (Kind.MAPPING, 2)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_tree_or_a_finding(content: bytes) -> None:
    document = read(content)
    assert all(finding.line >= 1 for finding in document.findings)
