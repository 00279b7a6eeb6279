"""One way to call AWS: our own bounded retries, and errors that never pass as botocore's.

What AWS certainly did not do (throttled) is repeated for every call; what it may have done (a 500,
a lost answer) only for calls that can be repeated, or whose caller reads back what came of it.
"""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from common.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boto3 import Session

_THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "SlowDown",
        "RequestThrottled",
        "EC2ThrottledException",
        "TransactionInProgressException",
    }
)
_EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
)
_NOT_FOUND = frozenset(
    {
        "ResourceNotFoundException",
        "NotFoundException",
        "NotFound",
        "NoSuchKey",
        "404",
        "BackupNotFoundException",
    }
)
_SIGN_IN = "sign in again and repeat the command"
_ATTEMPTS = 5
_CHANCE = random.SystemRandom()
_LONGEST_WAIT = 8.0
_CLIENTS: WeakKeyDictionary[Session, dict[str, Any]] = WeakKeyDictionary()
_GUARD = threading.Lock()


class AwsError(UnavailableError):
    """AWS did not do what was asked. `reason` is its error code, `uncertain`: it may have."""

    code = "aws"

    def __init__(
        self, message: str, *, reason: str, uncertain: bool = False, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.uncertain = uncertain

    @property
    def is_missing(self) -> bool:
        return self.reason in _NOT_FOUND


class CredentialsExpiredError(AwsError):
    """The credentials ran out in the middle of the work."""


class Caller:
    """One AWS service of one session. Calling it makes one API call, again where that is right."""

    def __init__(
        self, session: Session, service: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._service = service
        self._sleep = sleep
        self._client = _client(session, service)

    def __call__(self, operation: str, *, repeatable: bool = True, **parameters: Any) -> Any:
        """Make one call.

        Args:
            operation: As boto3 spells it, such as `update_alias`.
            repeatable: Whether a call whose outcome is unknown may be made again.

        Raises:
            AwsError: AWS refused, or gave no answer in all attempts.
        """
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        attempt = 1
        while True:
            try:
                return getattr(self._client, operation)(**parameters)
            except (
                *(BotoCoreError, ClientError, ResponseParserError),
                *(KeyError, RuntimeError),  # botocore's: an answer without its frame, expired keys
            ) as error:
                if isinstance(error, RuntimeError) and "expired" not in str(error):
                    raise
                failure = self._failure(operation, error)
                retry = failure.reason in _THROTTLED or (failure.uncertain and repeatable)
                if not retry or attempt >= _ATTEMPTS:
                    raise failure from error
            self._sleep(min(_LONGEST_WAIT, 0.2 * 2**attempt) * _CHANCE.uniform(0.5, 1))
            attempt += 1

    def pages(self, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        """The entries under `key` of all pages of a listing."""
        token_in, token_out = _tokens(self._client, operation)
        following: dict[str, Any] = {}
        while True:
            answer = self(operation, **parameters, **following)
            yield from answer.get(key, [])
            token = answer.get(token_out)
            if not token:
                return
            following = {token_in: token}

    def _failure(self, operation: str, error: Exception) -> AwsError:
        from botocore.exceptions import BotoCoreError, ClientError

        about = f"{self._service} {operation}"
        if isinstance(error, ClientError):
            return _refused(about, error.response)
        name = type(error).__name__
        if isinstance(error, RuntimeError):
            return CredentialsExpiredError(f"{about}: {error}", reason=name, hint=_SIGN_IN)
        if not isinstance(error, BotoCoreError):
            return AwsError(f"{about}: an answer that is not AWS's", reason=name, uncertain=True)
        sent = "Credentials" not in name and "Validation" not in name
        return AwsError(f"{about}: {error}", reason=name, uncertain=sent)


def _client(session: Session, service: str) -> Any:
    """The session's one client of a service: making one takes longer than most calls."""
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    with _GUARD:
        known = _CLIENTS.setdefault(session, {})
        if service not in known:
            config = Config(
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=60,
                max_pool_connections=32,
                tcp_keepalive=True,
            )
            try:
                known[service] = session.client(service, config=config)  # type: ignore[call-overload]
            except (BotoCoreError, ValueError) as error:
                raise UnavailableError(
                    f"there is no way to call {service}: {error}",
                    hint="is AWS_ENDPOINT_URL an address?",
                ) from error
        return known[service]


def _refused(about: str, response: Any) -> AwsError:
    reason = str(response.get("Error", {}).get("Code", "Unknown"))
    said = str(response.get("Error", {}).get("Message", "")).strip()
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    text = f"{about}: {reason}{': ' + said if said else ''}"
    if reason in _EXPIRED:
        return CredentialsExpiredError(text, reason=reason, hint=_SIGN_IN)
    denied = "the role lacks this permission" if "AccessDenied" in reason else None
    return AwsError(text, reason=reason, uncertain=status >= 500, hint=denied)


def _tokens(client: Any, operation: str) -> tuple[str, str]:
    """The names of the paging token in the request and in the answer."""
    paginator = client.get_paginator(operation)._pagination_cfg
    given, returned = paginator["input_token"], paginator["output_token"]
    if isinstance(given, list):
        given, returned = given[0], returned[0]
    return given, returned.split(" || ")[0]
