"""No secret of a design gets into a repository, and nothing in it looks like one."""

from __future__ import annotations

import pytest

from codegen.scaffold import scaffold
from codegen.secrecy import marked, names_secret, placeholder, without_secrets
from tests.codegen.builders import make_design, make_field, make_model

# Put together here, so that no scanner takes this file for a leak.
LIVE = "sk_" + "live_" + "51HyTz8a9b8c7d6e5f4a3b2c"
ACCESS = "AKIA" + "IOSFODNN7EXAMPLQ"


@pytest.mark.parametrize(
    "name", ["password", "newPassword", "apiKey", "client_secret", "PrivateKey", "DB_PASS", "pwd"]
)
def test_names_that_ask_for_a_secret(name):
    assert names_secret(name)


@pytest.mark.parametrize("name", ["passenger", "key", "partitionKey", "token", "tenantId", "pk"])
def test_names_that_do_not(name):
    assert not names_secret(name)


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [(0, 200, "<api-key>"), (12, 200, "<api-keyxxx>"), (0, 6, "<api->"), (2, 2, "xx")],
)
def test_a_placeholder_fits_its_limits(least, most, expected):
    found = placeholder("apiKey", least, most)
    assert found == expected
    assert least <= len(found) <= most


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('PASSWORD = "PASSWORD"', "# noqa: S105 # nosec B105 # pragma: allowlist secret"),
        ('    token_type: str = "Bearer"', "# noqa: S105"),
        ('    API_KEY = "API_KEY"', "# pragma: allowlist secret"),
        ('    name: str = "x"', ""),
        ('        "password": "<password>",', ""),
        ("    password: str", ""),
        ('    password: str = Field(description="x")', ""),
    ],
)
def test_a_line_that_looks_like_a_secret_is_marked(line, expected):
    assert marked(line) == (f"{line}  {expected}" if expected else line)


def test_marks_of_tests_are_those_that_scanners_of_tests_need():
    assert marked('"password": "0000"', tests=True).endswith('"  # pragma: allowlist secret')


def leaking():
    model = make_model(
        "Account",
        make_field("id"),
        make_field("api_key", limits={"default": LIVE}, description=f"such as {LIVE}"),
        make_field("label", limits={"default": ACCESS}),
        make_field("kind", limits={"default": "basic"}),
    )
    return make_design(models=(*make_design().models, model), title=f"Vault {ACCESS}")


def test_what_a_design_prints_is_not_taken_over():
    design = without_secrets(leaking())
    assert LIVE not in repr(design)
    assert ACCESS not in repr(design)


def test_only_secrets_are_left_out():
    fields = without_secrets(leaking()).models[-1].fields
    assert [one.constraints for one in fields] == [{}, {}, {}, {"default": "basic"}]
    design = make_design()
    assert without_secrets(design) is design


def test_no_file_of_a_repository_holds_a_secret_of_its_design(tmp_path):
    root = tmp_path / "service"
    scaffold(leaking(), root)
    found = [
        path
        for path in root.rglob("*")
        if path.is_file() and any(one in path.read_text() for one in (LIVE, ACCESS))
    ]
    assert found == []
