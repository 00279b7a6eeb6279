from __future__ import annotations

import pytest

from codegen.terraform.names import (
    BUCKET,
    FUNCTION,
    TABLE,
    Distinct,
    aws_name,
    identifier,
    with_environment,
)


@pytest.mark.parametrize(
    "written",
    [
        "bbws-x-{env}",
        "bbws-x-{environment}",
        "bbws-x-${env}",
        "bbws-x-${var.environment}",
        "bbws-x-<env>",
        "bbws-x-{{ env }}",
    ],
)
def test_every_spelling_of_the_environment_is_one(written):
    assert with_environment(written) == "bbws-x-{env}"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ('a"; import os', "a-import-os"),
        ("naïve café", "naive-cafe"),
        ("{env}-first", "{env}-first"),
    ],
)
def test_hostile_names_become_harmless_ones(text, name):
    assert aws_name(text, FUNCTION) == name


def test_text_without_a_usable_letter_gets_a_name_of_its_own():
    first, second = aws_name("日本", FUNCTION, fallback="bbws-x"), aws_name("語", FUNCTION)
    assert first.startswith("bbws-x-")
    assert first != second


@pytest.mark.parametrize("environment", ["dev", "sit", "prod"])
def test_long_names_are_cut_to_the_limit_in_every_environment(environment):
    name = aws_name("bbws-" + "long-" * 60 + "{env}", FUNCTION)
    assert len(name.replace("{env}", environment)) <= 64
    assert name.endswith("-{env}")


def test_two_long_names_that_differ_at_the_end_stay_different():
    stem = "x" * 300
    assert aws_name(stem + "a", TABLE) != aws_name(stem + "b", TABLE)


def test_bucket_names_are_lower_case():
    assert aws_name("BBWS_Files-{env}", BUCKET) == "bbws-files-{env}"


def test_names_that_differ_in_case_only_are_told_apart():
    names = Distinct()
    assert [names.claim("getItem-{env}", "-"), names.claim("getitem-{env}", "-")] == [
        "getItem-{env}",
        "getitem-2-{env}",
    ]


def test_identifier_ignores_the_environment():
    assert identifier("bbws-notes-${var.environment}") == "bbws_notes"
