from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.simulation.evaluate import Unknown, condition, evaluate, fill_in, render
from pipelines.workflow.expressions import ExpressionError, embedded, parse, paths

CONTEXTS = {
    "github": {"ref": "refs/heads/main", "event_name": "push", "event": Unknown("github.event")},
    "needs": {"build": {"result": "success"}, "test": {"result": "skipped"}},
    "matrix": {"python": "3.12", "os": ["linux", "mac"]},
    "secrets": Unknown("***"),
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 1 == 2".replace("1 + 1", "2"), True),
        ("'A' == 'a'", True),
        ("null == ''", True),
        ("'1' == 1", True),
        ("true && 'yes' || 'no'", "yes"),
        ("false && 'yes' || 'no'", "no"),
        ("!false", True),
        ("contains('Hello', 'ELL')", True),
        ("contains(matrix.os, 'mac')", True),
        ("startsWith(github.ref, 'refs/heads/')", True),
        ("format('{0}-{1}', 'a', 2)", "a-2"),
        ("format('{{0}}')", "{0}"),
        ("join(matrix.os, '+')", "linux+mac"),
        ("fromJSON('[1, 2]')[1]", 2),
        ("toJSON('x')", '"x"'),
        ("contains(needs.*.result, 'skipped')", True),
        ("github['event_name']", "push"),
        ("'it''s'", "it's"),
        ("3 > 2 && 2 >= 2 && 1 < 2 && 1 <= 1 && 1 != 2", True),
        ("github.nothing", None),
    ],
)
def test_expressions_have_github_s_values(text: str, value: object) -> None:
    assert evaluate(parse(text), CONTEXTS) == value


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("github.ref == 'refs/heads/main'", True),
        ("${{ failure() }}", False),
        ("always()", True),
        ("github.event.number == 1", None),
        ("false && github.event.number", False),
        ("true || github.event.number", True),
        ("github.event.number && false", False),
        ("!github.event.number", None),
        ("${{ false }} or something", True),
    ],
)
def test_a_condition_is_true_false_or_not_known_yet(text: str, outcome: bool | None) -> None:
    assert condition(text, CONTEXTS) is outcome


def test_what_is_not_known_yet_stays_readable_and_secrets_are_masked() -> None:
    text = "deploy ${{ matrix.python }} ${{ github.event.after }} ${{ secrets.TOKEN }}"
    assert fill_in(text, CONTEXTS) == "deploy 3.12 «github.event.after» ***"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('github.ref == "main"', "single quotes"),
        ("github.ref ==", "it ends"),
        ("(a", "')' is expected"),
        ("a b", "not expected"),
        ("'open", "not closed"),
        ("a.", "a name after"),
        ("", "it ends"),
        ("(" * 200 + "a" + ")" * 200, "too deeply"),
        ("a || " * 20_000 + "b", "parts within parts"),
        ("a" + ".b" * 20_000, "parts within parts"),
        ("!" * 20_000 + "a", "parts within parts"),
    ],
)
def test_what_is_no_expression_says_why(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message.replace("(", r"\(").replace(")", r"\)")):
        parse(text)


def test_chains_of_names_are_found_with_their_places() -> None:
    found = list(paths(parse("contains(a.b['c'].*, x[y.z])")))
    assert [path for path, _ in found] == [("a", "b", "c", "*"), ("x", "*"), ("y", "z")]
    assert found[0][1] == 9


def test_quotes_hide_the_end_of_an_expression() -> None:
    assert [part.inside for part in embedded("a ${{ '}}' }} b ${{ c }}")] == [" '}}' ", " c "]


@given(st.text(max_size=60))
def test_any_text_parses_or_says_where_it_does_not(text: str) -> None:
    trouble = 0
    try:
        render(evaluate(parse(text), CONTEXTS))
    except ExpressionError as problem:
        trouble = problem.at
    assert 0 <= trouble <= len(text)
