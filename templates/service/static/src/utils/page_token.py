"""Page tokens: opaque to clients, signed so that they cannot be forged or used on another list.

A token holds the last key that was read. It is bound to its scope (the list it belongs to), so a
token of one tenant's list is refused on another's. The signing key is a secret: its value comes
from Secrets Manager, its name from `PAGE_TOKEN_SECRET_ARN`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any

from aws_lambda_powertools.utilities import parameters

from src.utils.config import setting
from src.utils.errors import InvalidRequestError

_VARIABLE = "PAGE_TOKEN_SECRET_ARN"
_CACHED_SECONDS = 300
_SIGNATURE_BYTES = 32


def encode(last_key: dict[str, Any], scope: str) -> str:
    """A token for the page after `last_key` of the list `scope`."""
    plain = {name: _pack(value) for name, value in sorted(last_key.items())}
    payload = json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_sign(payload, scope) + payload).decode().rstrip("=")


def decode(token: str, scope: str) -> dict[str, Any]:
    """The key a token holds.

    Raises:
        InvalidRequestError: It was not made here, was changed, or belongs to another list.
    """
    refused = InvalidRequestError("the page token is not valid for this list")
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise refused from error
    signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(payload, scope)):
        raise refused
    return {name: _unpack(value) for name, value in json.loads(payload).items()}


def _sign(payload: bytes, scope: str) -> bytes:
    message = len(scope).to_bytes(4, "big") + scope.encode() + payload
    return hmac.new(_key(), message, hashlib.sha256).digest()


def _key() -> bytes:
    return parameters.get_secret(setting(_VARIABLE), max_age=_CACHED_SECONDS).encode()


def _pack(value: Any) -> list[str]:
    return ["N", str(value)] if isinstance(value, Decimal | int) else ["S", str(value)]


def _unpack(packed: list[str]) -> str | Decimal:
    kind, text = packed
    return Decimal(text) if kind == "N" else text
