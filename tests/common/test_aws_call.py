"""What a call to AWS makes of answers that are not AWS's."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest
from botocore.parsers import ResponseParserError

from common.aws_call import AwsError, Caller, CredentialsExpiredError
from common.aws_credentials import seconds_left
from common.errors import UnavailableError


class Failing:
    """A client whose every call ends in the same error; counts them."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.calls = 0

    def update_alias(self, **_: object) -> None:
        self.calls += 1
        raise self.error


def caller(error: Exception) -> tuple[Caller, Failing]:
    session = boto3.session.Session("key", "secret", region_name="eu-west-1")
    made, client = Caller(session, "lambda", sleep=lambda _: None), Failing(error)
    made._client = client
    return made, client


@pytest.mark.parametrize("error", [ResponseParserError("no XML"), KeyError("PublishResult")])
@pytest.mark.parametrize(("repeatable", "calls"), [(True, 5), (False, 1)])
def test_after_an_answer_that_cannot_be_read_the_outcome_is_unknown(
    error: Exception, repeatable: bool, calls: int
) -> None:
    call, client = caller(error)
    with pytest.raises(AwsError, match="an answer that is not AWS's") as caught:
        call("update_alias", repeatable=repeatable)
    assert caught.value.uncertain
    assert client.calls == calls


def test_keys_that_ran_out_say_so_whichever_script_ran() -> None:
    call, client = caller(RuntimeError("refreshed credentials are still expired."))
    with pytest.raises(CredentialsExpiredError) as caught:
        call("update_alias")
    assert caught.value.hint == "sign in again and repeat the command"
    assert client.calls == 1


def test_an_error_of_ours_stays_one() -> None:
    call, _ = caller(RuntimeError("boom"))
    with pytest.raises(RuntimeError, match="boom"):
        call("update_alias")


def test_an_endpoint_that_is_no_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "notaurl")
    session = boto3.session.Session("key", "secret", region_name="eu-west-1")
    with pytest.raises(UnavailableError, match="no way to call lambda: Invalid endpoint: notaurl"):
        Caller(session, "lambda")


@pytest.mark.parametrize(
    ("stated", "left"),
    [
        ("2026-01-01T01:00:00Z", 3600),
        ("2026-01-01T01:00:00", 3600),
        ("soon", 3300),
        ("", 3300),
    ],
)
def test_the_end_of_credentials_is_read_or_assumed(
    monkeypatch: pytest.MonkeyPatch, stated: str, left: int
) -> None:
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", stated)
    session = boto3.session.Session("key", "secret", "token", region_name="eu-west-1")
    assert seconds_left(session, datetime(2026, 1, 1, tzinfo=UTC))[0] == left
