"""Which authorities a process inside the sandbox trusts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import certifi
import pytest

from sandbox.front import tls

OWN = b"-----the sandbox's-----"


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_the_store_of_the_machine_is_trusted_beside_the_public_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store.pem"
    store.write_bytes(b"-----the company's-----")
    monkeypatch.setattr(tls, "_machines", lambda: [str(store)])
    together = tls.trusted(OWN)
    assert Path(certifi.where()).read_bytes() in together
    assert store.read_bytes() in together
    assert together.endswith(OWN)


def test_the_first_store_that_can_be_read_is_the_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store.pem"
    store.write_bytes(b"-----the company's-----")
    monkeypatch.setattr(tls, "_STORES", (str(tmp_path / "none.pem"), str(store)))
    nowhere = SimpleNamespace(cafile=None)
    monkeypatch.setattr(tls.ssl, "get_default_verify_paths", lambda: nowhere)
    assert tls._machines() == [str(store)]


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_chosen_bundle_stands_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chosen.pem").write_bytes(b"-----chosen-----")
    monkeypatch.setenv(name, str(tmp_path / "chosen.pem"))
    assert tls.trusted(OWN) == b"-----chosen-----\n" + OWN
