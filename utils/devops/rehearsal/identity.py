"""Who calls a service's API: a bearer token, an API key, or AWS credentials that sign.

The token is taken from `BBWS_TEST_TOKEN`, the key from `BBWS_TEST_API_KEY`; without a token the
credentials sign each request (AWS Signature Version 4). No file and no option holds a secret.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from common.masking import register

if TYPE_CHECKING:
    import requests
    from boto3 import Session

_TOKEN, _KEY = "BBWS_TEST_TOKEN", "BBWS_TEST_API_KEY"


class Identity:
    """Puts the caller's identity into a request, as `requests` wants it of an `auth`.

    Args:
        sign_for: Region for AWS signatures; None where nothing is signed.
        session: Whose credentials sign; those of the process by default.
    """

    def __init__(self, sign_for: str | None, session: Session | None = None) -> None:
        self._token, self._key = os.environ.get(_TOKEN), os.environ.get(_KEY)
        for secret in (self._token, self._key):
            register(secret or "")
        self._signer = _signer(sign_for, session) if sign_for and not self._token else None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key:
            request.headers["x-api-key"] = self._key
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        elif self._signer is not None:
            request.headers.update(self._signer(request))
        return request


def _signer(region: str, session: Session | None) -> Any:
    import boto3
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    credentials = (session or boto3.session.Session()).get_credentials()

    def sign(request: requests.PreparedRequest) -> dict[str, str]:
        if credentials is None:
            return {}
        signed = AWSRequest(request.method, request.url, data=request.body or b"")
        # Frozen for each request: temporary credentials are renewed in time.
        SigV4Auth(credentials.get_frozen_credentials(), "execute-api", region).add_auth(signed)
        return dict(signed.headers.items())

    return sign
