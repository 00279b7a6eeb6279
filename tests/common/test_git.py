"""git shows GitHub's token to GitHub, and to nobody else."""

from __future__ import annotations

import base64

import pytest

from common.git import credentials_for

TOKEN = "a-token-of-this-run"


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    for name in ("GITHUB_SERVER_URL", "GIT_CONFIG_COUNT"):
        monkeypatch.delenv(name, raising=False)


def test_the_token_goes_to_github():
    found = credentials_for("https://github.com/bbws/2_bbws_auth_lambda.git")
    assert found["GIT_CONFIG_KEY_0"] == "http.https://github.com/.extraHeader"
    pair = found["GIT_CONFIG_VALUE_0"].removeprefix("Authorization: Basic ")
    assert base64.b64decode(pair).decode() == f"x-access-token:{TOKEN}"


def test_settings_that_are_given_already_stay(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    found = credentials_for("https://github.com/bbws/x")
    assert found["GIT_CONFIG_COUNT"] == "3"
    assert "GIT_CONFIG_KEY_2" in found


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/bbws/x",
        "https://github.com.evil.example/bbws/x",
        "https://github.com@evil.example/bbws/x",
        "http://github.com/bbws/x",
        "git@github.com:bbws/x.git",
        "/a/folder",
        "",
    ],
)
def test_no_other_server_sees_it(url):
    assert credentials_for(url) == {}


def test_a_server_of_ones_own_is_named_by_its_variable(monkeypatch):
    monkeypatch.setenv("GITHUB_SERVER_URL", "http://127.0.0.1:8080")
    assert credentials_for("http://127.0.0.1:8080/bbws/x")
    assert credentials_for("https://github.com/bbws/x") == {}


def test_without_a_token_there_is_nothing_to_show(monkeypatch):
    monkeypatch.delenv("GITHUB_TOKEN")
    assert credentials_for("https://github.com/bbws/x") == {}
