"""The setup of a repository, broken at each of its calls in turn, and then run again.

Each fault strikes one call of a new repository's setup, once. A timeout, a dropped connection and a
garbled body strike *after* GitHub did what was asked: only the answer is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from common.errors import DevopsError, ExitCode
from repository.setup import SetupReport
from tests.repository.house import TOKEN, House, answer
from tests.repository.test_setup import setup

CALLS = 39
"""What the setup of a new repository costs; the first test holds this number to be right."""

DOCUMENTED = {ExitCode.FAILED, ExitCode.REFUSED, ExitCode.UNAVAILABLE}

Strike = Callable[[requests.PreparedRequest, Callable[[], requests.Response]], requests.Response]


def server_error(request: Any, _send: Any) -> requests.Response:
    return answer(request, 500, "")


def rate_limit(request: Any, _send: Any) -> requests.Response:
    words = '{"message": "You have exceeded a secondary rate limit."}'
    return answer(request, 403, words, Retry_After="3600")


def not_found(request: Any, _send: Any) -> requests.Response:
    return answer(request, 404, '{"message": "Not Found"}')


def timeout(_request: Any, send: Any) -> requests.Response:
    send()
    raise requests.ReadTimeout("read timed out")


def dropped(_request: Any, send: Any) -> requests.Response:
    send()
    raise requests.ConnectionError("connection aborted")


def garbled(request: Any, send: Any) -> requests.Response:
    send()
    return answer(request, 200, "<html>busy</html>")


FAULTS: dict[str, Strike] = {
    "500": server_error,
    "rate-limit": rate_limit,
    "404": not_found,
    "timeout": timeout,
    "dropped": dropped,
    "garbled": garbled,
}


@dataclass
class Struck(requests.Session):
    """A session whose call number `at` goes wrong; from there on all, when `lasting`."""

    at: int
    strike: Strike
    lasting: bool = False
    count: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:
        self.count += 1
        hit = self.count == self.at or (self.lasting and self.count > self.at)
        if not hit:
            return super().send(request, **settings)
        return self.strike(request, lambda: super(Struck, self).send(request, **settings))


def attempt(house: House, session: requests.Session) -> SetupReport | DevopsError:
    try:
        return setup(house, session=session)
    except DevopsError as error:
        return error


def shape(house: House) -> dict[str, Any]:
    """What a finished repository is, without ids and times."""
    repo = house.repo
    (ruleset,) = repo["rulesets"].values()
    return {
        "settings": repo["settings"],
        "security": repo["security"],
        "topics": sorted(repo["topics"]),
        "alerts": repo["vulnerability_alerts"],
        "teams": {t["slug"]: t["permission"] for t in house.store.teams_of(repo)},
        "environments": {
            name: [env[key] for key in ("reviewers", "wait_timer", "can_admins_bypass")]
            + sorted((p["type"], p["name"]) for p in env["policies"].values())
            + sorted((v["name"], v["value"]) for v in env["variables"].values())
            for name, env in repo["environments"].items()
        },
        "ruleset": (ruleset["enforcement"], ruleset["rules"]),
        "file": house.connect().get("/repos/bbws/2_bbws_auth_lambda/contents/README.md")["sha"],
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The repository that an undisturbed setup makes."""
    from tests.repository.house import opened

    with opened(tmp_path_factory.mktemp("undisturbed")) as house:
        assert setup(house).api_calls == CALLS
        return shape(house)


@pytest.mark.e2e
@pytest.mark.parametrize("at", range(1, CALLS + 1))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_call_is_explained_and_a_rerun_completes_it(
    house: House, fault: str, at: int, finished: dict[str, Any]
) -> None:
    outcome = attempt(house, Struck(at, FAULTS[fault]))
    if isinstance(outcome, DevopsError):
        assert outcome.exit_code in DOCUMENTED
        assert outcome.message
        assert outcome.hint
        assert TOKEN not in f"{outcome.message} {outcome.hint}"
        assert not isinstance(attempt(house, requests.Session()), DevopsError)
    assert shape(house) == finished


@pytest.mark.e2e
@pytest.mark.parametrize("at", [4, 20, 38])
@pytest.mark.parametrize("fault", FAULTS)
def test_an_outage_that_lasts_ends_the_run_with_the_documented_code(
    house: House, fault: str, at: int, finished: dict[str, Any]
) -> None:
    outcome = attempt(house, Struck(at, FAULTS[fault], lasting=True))
    assert isinstance(outcome, DevopsError)
    assert outcome.exit_code in DOCUMENTED
    assert outcome.message
    assert not isinstance(attempt(house, requests.Session()), DevopsError)
    assert shape(house) == finished


@pytest.mark.parametrize("fault", ["500", "timeout", "dropped"])
def test_a_passing_fault_of_a_read_is_not_even_noticed(house: House, fault: str) -> None:
    outcome = attempt(house, Struck(1, FAULTS[fault]))
    assert isinstance(outcome, SetupReport)
