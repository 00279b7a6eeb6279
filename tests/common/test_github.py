from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from common.errors import ExitCode, RefusedError, UnavailableError, UsageProblemError
from common.github import GitHub
from common.github_errors import GitHubError, MalformedAnswerError, PlanLimitError, UnknownKeyError
from common.github_retry import Clock, Limits

API = "https://github.test/api/v3"
TOKEN = "token-of-the-tests-0123456789"


@dataclass
class Scripted(BaseAdapter):
    """Answers requests from a script: `(status, headers, body)`, or an exception to raise."""

    script: list[Any]
    sent: list[requests.PreparedRequest] = field(default_factory=list)

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        self.sent.append(request)
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        status, headers, body = step
        response = requests.Response()
        response.status_code, response.request = status, request
        response.url = str(request.url)
        response.headers.update(headers)
        response._content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return response

    def close(self) -> None:
        pass


class FakeTime:
    def __init__(self) -> None:
        self.now, self.waits = 1_000_000.0, []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def clock(self) -> Clock:
        return Clock(now=lambda: self.now, sleep=self.sleep, jitter=lambda: 0.5)


def make(*script: Any, **settings: Any) -> tuple[GitHub, Scripted, FakeTime]:
    adapter, time = Scripted(list(script)), FakeTime()
    session = requests.Session()
    session.mount("https://", adapter)
    return GitHub(TOKEN, api=API, session=session, clock=time.clock(), **settings), adapter, time


def ok(body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
    return 200, {k.replace("_", "-"): v for k, v in headers.items()}, {} if body is None else body


def test_token_travels_in_the_header_even_where_netrc_has_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine github.test login someone password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    github, adapter, _ = make(ok({"id": 1}))
    assert github.get("/repos/o/r") == {"id": 1}
    assert adapter.sent[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in str(adapter.sent[0].url)


@pytest.mark.parametrize("method", ["get", "put", "patch"])
def test_500_is_repeated_for_what_can_be_repeated(method: str) -> None:
    github, adapter, time = make((500, {}, ""), (502, {}, ""), ok({"a": 1}))
    answer = github.get("/x") if method == "get" else getattr(github, method)("/x", {})
    assert answer == {"a": 1}
    assert [request.method for request in adapter.sent] == [method.upper()] * 3
    assert time.waits == [1.0, 2.0]


def test_500_is_not_repeated_for_post_whose_outcome_is_unknown() -> None:
    github, adapter, _ = make((500, {}, {"message": "oops"}))
    with pytest.raises(GitHubError, match="POST /x: 500 oops"):
        github.post("/x", {})
    assert len(adapter.sent) == 1


def test_dropped_post_says_that_its_outcome_is_unknown() -> None:
    github, _, _ = make(requests.ConnectionError("gone"))
    with pytest.raises(UnavailableError, match="whether it took effect is unknown") as caught:
        github.post("/x", {})
    assert caught.value.exit_code is ExitCode.UNAVAILABLE


def test_gives_up_after_the_attempts_and_says_why() -> None:
    github, adapter, _ = make(*[requests.ReadTimeout()] * 3, limits=Limits(attempts=3))
    with pytest.raises(UnavailableError, match="GET /x: no answer in time"):
        github.get("/x")
    assert len(adapter.sent) == 3


def test_retry_after_is_honoured_even_for_post() -> None:
    limited = (403, {"Retry-After": "17"}, {"message": "You have exceeded a secondary rate limit"})
    github, _, time = make(limited, ok({"id": 3}))
    assert github.post("/x", {})["id"] == 3
    assert time.waits == [17.5]


def test_a_busy_server_that_names_a_time_is_given_it() -> None:
    github, _, time = make((503, {"Retry-After": "30"}, ""), ok())
    github.get("/x")
    assert time.waits == [30.0]


def test_a_busy_server_is_not_waited_for_without_end() -> None:
    github, adapter, time = make((503, {"Retry-After": "3600"}, ""), ok())
    with pytest.raises(GitHubError, match="503"):
        github.get("/x")
    assert (time.waits, len(adapter.sent)) == ([], 1)


def test_primary_limit_waits_until_it_is_reset() -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000042"}
    github, _, time = make((403, headers, {"message": "API rate limit exceeded"}), ok())
    github.get("/x")
    assert time.waits == [42.5]


def test_secondary_limit_without_a_time_waits_a_minute() -> None:
    limited = (403, {}, {"message": "You have exceeded a secondary rate limit."})
    github, _, time = make(limited, ok())
    github.get("/x")
    assert time.waits == [60.5]


def test_a_limit_that_lasts_too_long_is_an_error_with_the_time() -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1003600"}
    github, _, time = make((429, headers, {"message": "limit"}))
    with pytest.raises(GitHubError, match="rate limit") as caught:
        github.get("/x")
    assert time.waits == []
    assert caught.value.hint == "try again after 14:46:40 UTC"


def test_waits_are_announced(capsys: pytest.CaptureFixture[str]) -> None:
    github, _, _ = make((429, {"Retry-After": "9"}, ""), ok())
    github.get("/x")
    assert capsys.readouterr().err == "GitHub: rate limit reached; trying again in 10 s\n"


def test_403_without_a_limit_is_final() -> None:
    github, adapter, _ = make((403, {}, {"message": "Must have admin rights to Repository."}))
    with pytest.raises(GitHubError, match="Must have admin rights") as caught:
        github.put("/x", {})
    assert caught.value.hint == "it does not exist, or the token lacks the right to it"
    assert len(adapter.sent) == 1


def test_lists_are_followed_page_by_page() -> None:
    link = f'<{API}/things?page=2>; rel="next"'
    github, adapter, _ = make(ok([{"n": 1}], Link=link), ok([{"n": 2}]))
    assert [entry["n"] for entry in github.listing("/things")] == [1, 2]
    assert [str(r.url) for r in adapter.sent] == [
        f"{API}/things?per_page=100",
        f"{API}/things?page=2",
    ]


def test_lists_inside_an_object_are_found_by_key() -> None:
    github, _, _ = make(ok({"total_count": 1, "environments": [{"name": "dev"}]}))
    assert github.listing("/environments", "environments") == [{"name": "dev"}]


def test_a_next_page_on_another_host_does_not_get_the_token() -> None:
    link = '<https://elsewhere.test/things?page=2>; rel="next"'
    github, adapter, _ = make(ok([{"n": 1}], Link=link))
    with pytest.raises(RefusedError, match="the token is not sent there"):
        github.listing("/things")
    assert len(adapter.sent) == 1


def test_unchanged_answers_are_asked_for_conditionally() -> None:
    github, adapter, _ = make(ok({"n": 1}, ETag='"abc"'), (304, {}, ""))
    assert github.get("/x", ref="main") == github.get("/x", ref="main") == {"n": 1}
    assert adapter.sent[1].headers["If-None-Match"] == '"abc"'


def test_missing_is_none_or_false_where_that_is_asked() -> None:
    github, _, _ = make((404, {}, {"message": "Not Found"}), (404, {}, ""), (204, {}, ""))
    assert github.find("/x") is None
    assert github.exists("/y") is False
    assert github.exists("/y") is True


@pytest.mark.parametrize("body", ["<html>busy</html>", "[1]", '"text"'])
def test_an_answer_that_is_no_object_is_the_other_sides_error(body: str) -> None:
    github, _, _ = make((200, {}, body))
    with pytest.raises(MalformedAnswerError, match="GET /x"):
        github.get("/x")


def test_a_missing_key_is_named_and_no_bug_of_ours() -> None:
    github, _, _ = make(ok({"name": "x"}))
    with pytest.raises(MalformedAnswerError, match=r"no 'id' \(it has: name\)"):
        github.get("/x")["id"]


def test_trap_4_3_a_403_for_the_plan_is_protection_not_applied() -> None:
    words = "Upgrade to GitHub Pro or make this repository public to enable this feature."
    github, _, _ = make((403, {}, {"message": words}))
    with pytest.raises(PlanLimitError, match="NOT applied") as caught:
        github.get("/repos/o/r/rulesets")
    assert caught.value.exit_code is ExitCode.UNAVAILABLE


def test_trap_4_5_a_key_an_older_server_rejects_is_reported() -> None:
    words = 'Invalid request.\n\n"prevent_self_review" is not a permitted key.'
    github, _, _ = make((422, {}, {"message": words}))
    with pytest.raises(UnknownKeyError, match='"prevent_self_review" is not a permitted key') as e:
        github.put("/repos/o/r/environments/prod", {})
    assert e.value.hint == "update GitHub Enterprise Server; nothing was silently left out"


def test_the_reasons_in_a_list_of_errors_are_shown() -> None:
    errors = [{"resource": "Release", "code": "already_exists", "field": "tag_name"}, "odd"]
    github, _, _ = make((422, {}, {"message": "Validation Failed", "errors": errors}))
    with pytest.raises(
        GitHubError, match="Validation Failed; Release tag_name already_exists; odd"
    ):
        github.post("/x")


def test_a_moved_repository_is_not_written_to_blindly() -> None:
    github, _, _ = make((307, {"Location": f"{API}/repositories/7"}, ""))
    with pytest.raises(GitHubError, match="moved to") as caught:
        github.patch("/repos/o/old", {})
    assert "renamed" in str(caught.value.hint)


@pytest.mark.parametrize("api", ["http://github.test", "ftp://github.test", "github.test"])
def test_an_api_in_the_clear_is_refused(api: str) -> None:
    with pytest.raises(UsageProblemError, match="is not https"):
        GitHub(TOKEN, api=api)


def test_credentials_in_the_api_address_are_refused() -> None:
    with pytest.raises(UsageProblemError, match="holds credentials") as caught:
        GitHub(TOKEN, api="@".join(["https://me:pass1234", "github.test"]))
    assert "pass1234" not in caught.value.message


def test_no_token_is_explained() -> None:
    with pytest.raises(UnavailableError, match="there is no GitHub token"):
        GitHub.from_environment()


@pytest.mark.parametrize(
    "token", ["ghx_part1\nghx_part2", "ghx part1", "ghx_pärt1", "ghx\x00part1"]
)
def test_what_cannot_be_a_token_is_refused_unseen(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setattr("os.environ", {"GH_TOKEN": token})
    with pytest.raises(UnavailableError, match="GH_TOKEN is not a token") as caught:
        GitHub.from_environment()
    assert "part1" not in f"{caught.value} {caught.value.hint}"


def test_the_line_break_after_a_token_is_not_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN + "\n")
    assert GitHub.from_environment().token == TOKEN


@pytest.mark.parametrize("api", ["https://[bad", "https://host:99999", "https://*/"])
def test_what_cannot_be_an_address_is_a_usage_error(api: str) -> None:
    with pytest.raises(UsageProblemError, match=r"GITHUB_API_URL .* is not an address"):
        GitHub(TOKEN, api=api)


def test_the_token_is_in_no_error_of_any_kind() -> None:
    trouble = requests.ConnectionError(f"refused for Bearer {TOKEN}")
    github, _, _ = make(trouble, (401, {}, {"message": f"Bad credentials {TOKEN}"}))
    for call in (github.post, github.get):
        with pytest.raises(UnavailableError) as caught:
            call("/x")
        assert TOKEN not in f"{caught.value} {caught.value.hint} {github!r}"
