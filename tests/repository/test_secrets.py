from __future__ import annotations

import base64
import json

import boto3
import pytest
from moto import mock_aws
from nacl.public import PrivateKey, SealedBox

from common.errors import UnavailableError
from repository.vault import seal
from sandbox.github.vault import open_secret
from tests.repository.house import PATH, House

VALUE = "s3cr3t-value-of-the-tests"


def stored(house: House, name: str, environment: str = "dev") -> str:
    """A secret's value, as a workflow would be given it."""
    sealed = house.repo["environments"][environment]["secrets"][name]["sealed"]
    return open_secret(house.store, sealed)


def test_sets_the_role_account_and_region_as_variables(gated: House) -> None:
    result = gated.on("secrets", "--env", "prod")
    assert result.exit_code == 0, result.stderr
    variables = gated.repo["environments"]["prod"]["variables"]
    assert {name: entry["value"] for name, entry in variables.items()} == {
        "AWS_ROLE_ARN": "arn:aws:iam::093646564004:role/github-2_bbws_auth_lambda-prod",
        "AWS_ACCOUNT_ID": "093646564004",
        "AWS_REGION": "af-south-1",
    }


def test_a_second_run_changes_nothing_and_says_so(gated: House) -> None:
    gated.on("secrets", "--env", "dev")
    assert "nothing to change" in gated.on("secrets", "--env", "dev").stdout


def test_a_variable_that_drifted_is_set_back(gated: House) -> None:
    gated.on("secrets", "--env", "dev")
    gated.repo["environments"]["dev"]["variables"]["AWS_REGION"]["value"] = "us-east-1"
    assert "AWS_REGION: us-east-1 → eu-west-1" in gated.on("secrets", "--env", "dev").stdout


def test_a_secret_from_a_variable_arrives_sealed(
    gated: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONAR_TOKEN", VALUE)
    result = gated.on("secrets", "--env", "dev", "--from-env", "SONAR_TOKEN")
    assert result.exit_code == 0, result.stderr
    assert stored(gated, "SONAR_TOKEN") == VALUE
    assert VALUE not in result.output


def test_a_secret_can_come_from_a_variable_of_another_name(
    gated: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", VALUE)
    gated.on("secrets", "--env", "dev", "--from-env", "SONAR_TOKEN=MINE")
    assert stored(gated, "SONAR_TOKEN") == VALUE


def test_a_secret_from_standard_input(gated: House) -> None:
    result = gated.on("secrets", "--env", "sit", "--from-stdin", "KEY", stdin=f"{VALUE}\n")
    assert result.exit_code == 0, result.stderr
    assert stored(gated, "KEY", "sit") == VALUE


@mock_aws
def test_a_secret_from_secrets_manager(gated: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "536580886816")
    manager = boto3.client("secretsmanager", "eu-west-1")
    manager.create_secret(Name="auth/sonar", SecretString=json.dumps({"token": VALUE}))
    words = ("--from-secrets-manager", "SONAR_TOKEN=auth/sonar#token")
    result = gated.on("secrets", "--env", "dev", *words)
    assert result.exit_code == 0, result.stderr
    assert stored(gated, "SONAR_TOKEN") == VALUE


@mock_aws
def test_secrets_manager_is_not_asked_in_another_account(
    gated: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    words = ("--from-secrets-manager", "SONAR_TOKEN=auth/sonar")
    result = gated.on("secrets", "--env", "dev", *words)
    assert result.exit_code == 3
    assert "belong to account 123456789012" in result.stderr


def test_an_existing_secret_is_kept_until_it_is_rotated(
    gated: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", VALUE)
    gated.on("secrets", "--env", "dev", "--from-env", "KEY")
    monkeypatch.setenv("KEY", "another-value")
    kept = gated.on("secrets", "--env", "dev", "--from-env", "KEY")
    assert "secret KEY is there already; --rotate replaces it" in kept.stdout
    assert stored(gated, "KEY") == VALUE
    gated.on("secrets", "--env", "dev", "--from-env", "KEY", "--rotate")
    assert stored(gated, "KEY") == "another-value"


def test_lists_names_and_ages_but_no_secret(gated: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", VALUE)
    gated.on("secrets", "--env", "dev", "--from-env", "KEY")
    secret = gated.repo["environments"]["dev"]["secrets"]["KEY"]
    secret["updated_at"] = "2026-01-01T00:00:00Z"
    result = gated.on("secrets", "--env", "dev", "--list", "--max-age", "90", "-o", "json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["too_old"] == ["KEY"]
    assert found["entries"][0]["days"] > 300
    assert VALUE not in result.output


@pytest.mark.parametrize("mode", [(), ("--trust-policy", "print")], ids=["set", "trust"])
def test_a_role_of_another_account_is_refused(gated: House, mode: tuple[str, ...]) -> None:
    before = gated.world()
    words = ("--role-arn", "arn:aws:iam::536580886816:role/github-x-dev", *mode)
    result = gated.on("secrets", "--env", "prod", *words)
    assert result.exit_code == 3
    assert "is no role of prod's account 093646564004" in result.stderr
    assert gated.world() == before


def test_what_only_reads_takes_no_secret(gated: House) -> None:
    result = gated.on("secrets", "--env", "dev", "--list", "--from-env", "KEY")
    assert result.exit_code == 2
    assert "--from-env sets secrets" in result.stderr


def test_a_dry_run_sets_nothing(gated: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", VALUE)
    before = gated.world()
    result = gated.on("secrets", "--env", "dev", "--from-env", "KEY", "--dry-run")
    assert "would create secret KEY of dev" in result.stdout
    assert gated.world() == before


def test_an_environment_that_is_not_there_gets_no_secret(made: House) -> None:
    result = made.on("secrets", "--env", "prod")
    assert result.exit_code == 3
    assert "a secret in an unprotected one is not safe" in result.stderr


@pytest.mark.parametrize("name", ["lower", "GITHUB_X", "1X", "A-B", ""])
def test_a_name_github_does_not_take_is_a_usage_error(
    gated: House, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", VALUE)
    result = gated.on("secrets", "--env", "dev", "--from-env", f"{name}=MINE")
    assert result.exit_code == 2


def test_a_variable_that_is_not_set_is_named(gated: House) -> None:
    result = gated.on("secrets", "--env", "dev", "--from-env", "NOT_THERE")
    assert result.exit_code == 4
    assert "the environment variable 'NOT_THERE' is not set" in result.stderr


def test_no_option_takes_a_secrets_value() -> None:
    from repo_cli import secrets

    spellings = [word for parameter in secrets.params for word in parameter.opts]
    assert not {"--value", "--secret", "--token", "--password"} & set(spellings)


def test_trap_4_9_a_sealed_value_opens_with_the_key_it_was_sealed_for() -> None:
    key = PrivateKey.generate()
    public = base64.b64encode(bytes(key.public_key)).decode()
    sealed = seal(VALUE, public)
    assert SealedBox(key).decrypt(base64.b64decode(sealed)).decode() == VALUE
    assert VALUE not in sealed


def test_trap_4_9_a_key_encoded_twice_is_no_key() -> None:
    public = base64.b64encode(bytes(PrivateKey.generate().public_key))
    with pytest.raises(UnavailableError, match="not a valid key"):
        seal(VALUE, base64.b64encode(public).decode())


def test_trap_4_9_github_refuses_a_value_sealed_for_another_key(gated: House) -> None:
    other = base64.b64encode(bytes(PrivateKey.generate().public_key)).decode()
    path = f"{PATH}/environments/dev/secrets"
    key_id = gated.connect().get(f"{path}/public-key")["key_id"]
    body = {"encrypted_value": seal(VALUE, other), "key_id": key_id}
    with pytest.raises(UnavailableError, match="not sealed with the public key"):
        gated.connect().put(f"{path}/KEY", body)
