"""The backend is what the environment says, and Terraform is held to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from common.environments import environment
from common.errors import RefusedError, UnavailableError, UsageProblemError
from infra.backend import Locking, backend_for, verify
from infra.folder import Folder, open_folder
from infra.naming import repository_of, state_key

DEV = environment("dev")
KEY = "2_bbws_auth_lambda/terraform.tfstate"


@pytest.mark.parametrize(
    ("version", "locking", "table", "file"),
    [
        ((1, 11, 4), Locking.BOTH, True, True),
        ((1, 11, 4), Locking.FILE, False, True),
        ((1, 11, 4), Locking.TABLE, True, False),
        ((1, 9, 8), Locking.BOTH, True, False),
    ],
)
def test_trap_3_10_the_locks_are_those_the_installed_version_takes(
    version: tuple[int, ...], locking: Locking, table: bool, file: bool
) -> None:
    backend = backend_for(DEV, KEY, version, locking)
    assert (backend.lock_table is not None, backend.lockfile) == (table, file)


def test_an_old_terraform_cannot_lock_through_a_file() -> None:
    with pytest.raises(UnavailableError, match=r"1\.9\.8 cannot lock"):
        backend_for(DEV, KEY, (1, 9, 8), Locking.FILE)


def test_the_words_for_init_name_everything_and_the_account() -> None:
    assert backend_for(DEV, KEY, (1, 11)).words() == [
        "-backend-config=bucket=bbws-terraform-state-dev",
        f"-backend-config=key={KEY}",
        "-backend-config=region=eu-west-1",
        "-backend-config=encrypt=true",
        '-backend-config=allowed_account_ids=["536580886816"]',
        "-backend-config=dynamodb_table=bbws-terraform-locks-dev",
        "-backend-config=use_lockfile=true",
    ]


def folder_with(tmp_path: Path, backend: Any) -> Folder:
    folder = Folder(tmp_path, "dev")
    folder.prepare()
    (folder.data / "terraform.tfstate").write_text(json.dumps({"version": 3, "backend": backend}))
    return folder


def recorded(**changes: Any) -> dict[str, Any]:
    config = {"bucket": DEV.state_bucket, "key": KEY, "region": DEV.region, "use_lockfile": True}
    return {"type": "s3", "config": {**config, **changes}}


def test_what_init_recorded_is_taken_with_its_actual_locks(tmp_path: Path) -> None:
    wanted = backend_for(DEV, KEY, (1, 11))
    actual = verify(folder_with(tmp_path, recorded()), wanted)
    assert (actual.lock_table, actual.lockfile) == (None, True)


@pytest.mark.parametrize(
    "backend",
    [
        {"type": "local", "config": {}},
        recorded(bucket="bbws-terraform-state-prod"),
        recorded(key="2_bbws_cart_lambda/terraform.tfstate"),
        recorded(region="af-south-1"),
        None,
    ],
    ids=["local", "bucket", "key", "region", "none"],
)
def test_trap_3_8_another_state_than_the_environments_is_refused(
    tmp_path: Path, backend: Any
) -> None:
    wanted = backend_for(DEV, KEY, (1, 11))
    with pytest.raises((RefusedError, UnavailableError)):
        verify(folder_with(tmp_path, backend), wanted)


def test_not_initialised_says_which_command_helps(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as caught:
        verify(Folder(tmp_path, "dev"), backend_for(DEV, KEY, (1, 11)))
    assert str(caught.value.hint).startswith("terraform_cli.py init --env dev")


def test_environments_never_share_a_working_folder(tmp_path: Path) -> None:
    dev, prod = Folder(tmp_path, "dev"), Folder(tmp_path, "prod")
    assert dev.data != prod.data
    assert dev.plan_file != prod.plan_file


def test_the_key_is_that_of_the_backend_file_or_the_repositorys(tmp_path: Path) -> None:
    file = tmp_path / "dev.s3.tfbackend"
    assert state_key("2_bbws_auth_lambda", file) == KEY
    file.write_text(f'bucket = "x"\nkey    = "{KEY}"\n')
    assert state_key("2_bbws_auth_lambda", file) == KEY
    file.write_text('key = "2_bbws_cart_lambda/terraform.tfstate"\n')
    with pytest.raises(RefusedError, match="2_bbws_cart_lambda"):
        state_key("2_bbws_auth_lambda", file)


@pytest.mark.parametrize(
    ("service", "repository"),
    [
        ("auth", "2_bbws_auth_lambda"),
        ("order-history", "2_bbws_order_history_lambda"),
        ("3_bbws_web_frontend", "3_bbws_web_frontend"),
    ],
)
def test_a_service_has_a_repository(tmp_path: Path, service: str, repository: str) -> None:
    assert repository_of(tmp_path, service) == repository


@pytest.mark.parametrize("service", ["", "../prod", "Auth", "a b", "a/b"])
def test_a_service_that_is_none_is_refused(tmp_path: Path, service: str) -> None:
    with pytest.raises(UsageProblemError):
        repository_of(tmp_path, service)


def test_outside_git_the_folder_around_the_configuration_counts(tmp_path: Path) -> None:
    path = tmp_path / "2_bbws_auth_lambda" / "terraform"
    path.mkdir(parents=True)
    assert repository_of(path, None) == "2_bbws_auth_lambda"


def test_a_folder_without_terraform_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(UsageProblemError, match=r"holds no Terraform configuration"):
        open_folder(tmp_path, "dev")
    with pytest.raises(UsageProblemError, match="there is no folder"):
        open_folder(tmp_path / "nowhere", "dev")
