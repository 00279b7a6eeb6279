"""Names of designs, services and repositories, and the numbering of HLDs and LLDs."""

from __future__ import annotations

import re

from lld.text import vocabulary, words

_DESIGN = re.compile(
    r"(?P<number>\d+(?:\.\d+)*)[_ -](?P<kind>LLD|HLD)[_ -](?P<name>.+?)(?:\.md)?\Z", re.I
)
_LEGACY = re.compile(r"(?:CPP|BBWS)?_?(?P<name>.+?)_LLD(?:_v?[\d.]+)?(?:\.md)?\Z", re.I)
_REPOSITORY = re.compile(r"\d+(?:_\d+)*_bbws_[a-z0-9]+(?:_[a-z0-9]+)*")
_NOISE = vocabulary(
    "lambda lambdas service services api lld microservice function functions svc management"
)


def design_number(file_name: str) -> str | None:
    """`2.1.4` of `2.1.4_LLD_Product_Lambda.md`."""
    found = _DESIGN.match(file_name)
    return found["number"] if found else None


def service_of(file_name: str) -> str | None:
    """`auth` of `3.1.2_LLD_Auth_Lambda.md` and of `CPP_Auth_Lambda_LLD.md`."""
    found = _DESIGN.match(file_name) or _LEGACY.match(file_name)
    if not found:
        return None
    return _service(words(found["name"]))


def _service(parts: tuple[str, ...]) -> str | None:
    telling = [part for part in parts if part not in _NOISE]
    return "_".join(telling or parts) or None


def repository_in(text: str) -> str | None:
    """A repository's name within a text, as the platform writes them: `2_bbws_auth_lambda`."""
    found = _REPOSITORY.search(text[:4000])
    return found[0] if found else None


def service_of_repository(repository: str) -> str | None:
    """`auth` of `2_bbws_auth_lambda`."""
    _, bbws, rest = repository.partition("bbws_")
    return _service(tuple(rest.split("_"))) if bbws and rest else None


def default_repository(service: str) -> str:
    """The repository of a service whose design names none."""
    return f"2_bbws_{service}_lambda"
