"""Terraform works as the identity that was validated, and shares its plugins."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from common.environments import environment
from infra.terraform import numbers, terraform_for


def validated(profile: str | None = None) -> Any:
    session = boto3.session.Session(profile_name=profile, region_name="eu-west-1")
    return SimpleNamespace(session=session, environment=environment("dev"))


@pytest.fixture(autouse=True)
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = "aws_access_key_id=k\naws_secret_access_key=s\n"
    file = tmp_path / "credentials"
    file.write_text(f"[Tebogo-dev]\n{keys}[default]\n{keys}")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))


@pytest.fixture(autouse=True)
def fake_terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "bin" / "terraform"
    binary.parent.mkdir()
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", str(binary.parent))


def test_trap_3_4_a_profile_that_was_validated_is_not_overruled_by_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA_OF_SOMEBODY_ELSE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "x")
    for profile in ("Tebogo-dev", "default"):
        found = terraform_for(tmp_path, tmp_path / "data", validated(profile)).environment
        assert found["AWS_PROFILE"] == profile
        assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} & set(found)


def test_trap_3_4_keys_that_were_validated_are_not_overruled_by_a_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA_OF_THE_JOB")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_PROFILE", "Tebogo-dev")
    found = terraform_for(tmp_path, tmp_path / "data", validated()).environment
    assert found["AWS_ACCESS_KEY_ID"] == "AKIA_OF_THE_JOB"
    assert "AWS_PROFILE" not in found


def test_the_region_is_the_environments(tmp_path: Path) -> None:
    found = terraform_for(tmp_path, tmp_path / "data", validated()).environment
    assert (found["AWS_REGION"], found["AWS_DEFAULT_REGION"]) == ("eu-west-1", "eu-west-1")


def test_plugins_are_shared_unless_the_user_chose_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = terraform_for(tmp_path, tmp_path / "dev").environment
    other = terraform_for(tmp_path, tmp_path / "sit").environment
    assert one["TF_PLUGIN_CACHE_DIR"] == other["TF_PLUGIN_CACHE_DIR"]
    assert one["TF_DATA_DIR"] != other["TF_DATA_DIR"]
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", "/chosen")
    assert terraform_for(tmp_path, tmp_path).environment["TF_PLUGIN_CACHE_DIR"] == "/chosen"


def test_other_terraform_variables_pass_but_not_those_that_defeat_the_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_size", "3")
    monkeypatch.setenv("TF_WORKSPACE", "elsewhere")
    monkeypatch.setenv("TF_CLI_ARGS_apply", "-lock=false")
    found = terraform_for(tmp_path, tmp_path).environment
    assert found["TF_VAR_size"] == "3"
    assert "TF_WORKSPACE" not in found
    assert "TF_CLI_ARGS_apply" not in found


def test_versions_are_compared_by_their_numbers() -> None:
    assert numbers("1.11.4") == (1, 11, 4)
    assert numbers("1.12.0-rc1") == (1, 12, 0)
