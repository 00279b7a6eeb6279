from __future__ import annotations

import json

import pytest

from tests.repository.house import House

URL = "https://ci.example.org/hook"
VALUE = "hook-s3cr3t-of-the-tests"
ROTATED = VALUE.upper()
WITH_CREDENTIALS = "@".join(["https://me:pw", "x.org"])


@pytest.fixture
def hooked(made: House, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("HOOK_SECRET", VALUE)
    assert made.on("webhooks", "--url", URL, "--from-env", "HOOK_SECRET").exit_code == 0
    return made


def config(house: House) -> dict:
    (hook,) = house.repo["hooks"].values()
    return hook["config"]


def test_a_hook_is_made_signed_and_verified(hooked: House) -> None:
    assert config(hooked) == {
        "url": URL,
        "content_type": "json",
        "insecure_ssl": "0",
        "secret": VALUE,
    }


def test_a_second_run_changes_nothing_and_says_so(hooked: House) -> None:
    result = hooked.on("webhooks", "--url", URL, "--from-env", "HOOK_SECRET")
    assert "nothing to change" in result.stdout


def test_a_secret_is_replaced_on_request(hooked: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", ROTATED)
    hooked.on("webhooks", "--url", URL, "--from-env", "HOOK_SECRET", "--rotate")
    assert config(hooked)["secret"] == ROTATED


def test_other_events_do_not_lose_the_secret(hooked: House) -> None:
    result = hooked.on("webhooks", "--url", URL, "--event", "release")
    assert result.exit_code == 0, result.stderr
    assert config(hooked)["secret"] == VALUE
    (hook,) = hooked.repo["hooks"].values()
    assert hook["events"] == ["release"]


def test_lists_hooks_without_secrets(hooked: House) -> None:
    result = hooked.on("webhooks", "-o", "json")
    (hook,) = json.loads(result.stdout)["webhooks"]
    assert hook == {"url": URL, "events": ["push"], "active": True, "signed": True}
    assert VALUE not in result.output


def test_a_hook_is_removed_once(hooked: House) -> None:
    assert "delete webhook" in hooked.on("webhooks", "--url", URL, "--remove").stdout
    assert hooked.repo["hooks"] == {}
    assert "nothing to change" in hooked.on("webhooks", "--url", URL, "--remove").stdout


def test_an_unsigned_hook_is_said_to_be(made: House) -> None:
    assert "events are not signed" in made.on("webhooks", "--url", URL).stdout


@pytest.mark.parametrize("url", ["http://ci.example.org", "ftp://x", WITH_CREDENTIALS, "x"])
def test_an_address_events_must_not_go_to_is_refused(made: House, url: str) -> None:
    result = made.on("webhooks", "--url", url)
    assert result.exit_code == 2
    assert made.repo["hooks"] == {}
