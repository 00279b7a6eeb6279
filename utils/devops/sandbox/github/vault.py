"""Sealed secrets and variables, of a repository and of its environments.

A secret is kept as it was sent and opened with the sandbox's own private key, so that a value
sealed wrongly is found out here, as a workflow would find it out.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint

from sandbox.github import replies
from sandbox.github.environments import environment_of
from sandbox.github.replies import body, not_found, refuse, repository, require_admin, store
from sandbox.github.store import Data, Store, now

pages = Blueprint("vault", __name__)

View = TypeVar("View", bound=Callable[..., Any])

_NAME = re.compile(r"(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]*")
_KEY_ID = "568250167242549743"
_OF_REPOSITORY = "/repos/<owner>/<repo>/actions"
_OF_ENVIRONMENT = "/repos/<owner>/<repo>/environments/<environment>"


def open_secret(store_: Store, sealed: str) -> str:
    """The value of a sealed secret, as a runner would be given it."""
    from nacl.public import PrivateKey, SealedBox

    key = PrivateKey(base64.b64decode(store_.data["seal_key"]))
    return SealedBox(key).decrypt(base64.b64decode(sealed)).decode()


def _holder(owner: str, repo: str, environment: str | None) -> Data:
    found = repository(owner, repo)
    require_admin(found)
    return environment_of(found, environment) if environment else found


def _both(rule: str, **settings: Any) -> Callable[[View], View]:
    """Register an endpoint for the repository's and for the environments' address."""

    def register(view: View) -> View:
        pages.add_url_rule(_OF_REPOSITORY + rule, view.__name__, view, **settings)
        name = f"{view.__name__}_of_environment"
        pages.add_url_rule(_OF_ENVIRONMENT + rule, name, view, **settings)
        return view

    return register


@_both("/secrets/public-key")
def public_key(owner: str, repo: str, environment: str | None = None) -> Data:
    from nacl.public import PrivateKey

    _holder(owner, repo, environment)
    key = PrivateKey(base64.b64decode(store().data["seal_key"]))
    return {"key_id": _KEY_ID, "key": base64.b64encode(bytes(key.public_key)).decode()}


@_both("/secrets")
def secrets(owner: str, repo: str, environment: str | None = None) -> Any:
    holder = _holder(owner, repo, environment)
    return replies.counted("secrets", [_secret_view(s) for s in holder["secrets"].values()])


@_both("/secrets/<name>")
def secret(owner: str, repo: str, name: str, environment: str | None = None) -> Data:
    found = _holder(owner, repo, environment)["secrets"].get(name)
    return _secret_view(found) if found else not_found()


def _secret_view(found: Data) -> Data:
    return {key: found[key] for key in ("name", "created_at", "updated_at")}


@_both("/secrets/<name>", methods=["PUT"])
def put_secret(owner: str, repo: str, name: str, environment: str | None = None) -> Any:
    holder = _holder(owner, repo, environment)
    sent = body("encrypted_value", "key_id")
    _check_name(name)
    if sent["key_id"] != _KEY_ID:
        refuse(422, "The key_id is not the one of the current public key.")
    _check_sealed(sent["encrypted_value"])
    known = holder["secrets"].get(name)
    holder["secrets"][name] = {
        "name": name,
        "created_at": known["created_at"] if known else now(),
        "updated_at": now(),
        "sealed": sent["encrypted_value"],
    }
    return ("", 204) if known else ({}, 201)


def _check_sealed(sealed: str) -> None:
    from nacl.exceptions import CryptoError

    try:
        open_secret(store(), sealed)
    except (CryptoError, binascii.Error, ValueError):
        refuse(422, "Bad request: the value is not sealed with the public key.")


@_both("/secrets/<name>", methods=["DELETE"])
def delete_secret(owner: str, repo: str, name: str, environment: str | None = None) -> Any:
    found = _holder(owner, repo, environment)["secrets"].pop(name, None)
    return ("", 204) if found else not_found()


@_both("/variables")
def variables(owner: str, repo: str, environment: str | None = None) -> Any:
    holder = _holder(owner, repo, environment)
    return replies.counted("variables", list(holder["variables"].values()))


@_both("/variables/<name>")
def variable(owner: str, repo: str, name: str, environment: str | None = None) -> Data:
    found: Data | None = _holder(owner, repo, environment)["variables"].get(name)
    return found if found else not_found()


@_both("/variables", methods=["POST"])
def add_variable(owner: str, repo: str, environment: str | None = None) -> Any:
    holder = _holder(owner, repo, environment)
    sent = body("name", "value")
    _check_name(sent["name"])
    if sent["name"] in holder["variables"]:
        refuse(409, "Already exists - Variable already exists")
    stamps = {"created_at": now(), "updated_at": now()}
    holder["variables"][sent["name"]] = {"name": sent["name"], "value": sent["value"], **stamps}
    return {}, 201


@_both("/variables/<name>", methods=["PATCH"])
def change_variable(owner: str, repo: str, name: str, environment: str | None = None) -> Any:
    found = _holder(owner, repo, environment)["variables"].get(name)
    if found is None:
        not_found()
    found |= {"value": body().get("value", found["value"]), "updated_at": now()}
    return "", 204


@_both("/variables/<name>", methods=["DELETE"])
def delete_variable(owner: str, repo: str, name: str, environment: str | None = None) -> Any:
    found = _holder(owner, repo, environment)["variables"].pop(name, None)
    return ("", 204) if found else not_found()


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        refuse(422, "Name can only contain alphanumeric characters and underscores.")
