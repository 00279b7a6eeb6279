"""The commands against the sandbox's AWS: real HTTP, strict aliases, code that really runs."""

from __future__ import annotations

import json

import pytest
from boto3.dynamodb.conditions import Key
from click.testing import CliRunner

import deploy_cli
from deploy.ledger.chain import entry_hash
from tests.deploy.aws import BROKEN, Repo, ServiceOnAws

pytestmark = pytest.mark.e2e


def call(*words: str, code: int = 0):
    answer = CliRunner().invoke(deploy_cli.cli, [*words, "-o", "json"])
    assert answer.exit_code == code, (answer.output, answer.stderr, answer.exception)
    return json.loads(answer.stdout)


def test_a_release_is_deployed_then_the_next_and_back_again(dev: ServiceOnAws, repo: Repo):
    repo.commit("v1.0.0")
    first = call("dev")
    assert first["state"] == "succeeded"
    assert dev.answers() == {"v1.0.0"}

    repo.commit("v1.1.0")
    second = call("dev", "--service", dev.service)
    assert second["digest"] != first["digest"]
    assert dev.answers() == {"v1.1.0"}

    rows = call("rollback", "--env", "dev", "--list")["deployments"]
    assert [(r["version"], r["live"], r["can_roll_back_to"]) for r in rows] == [
        ("v1.1.0", True, False),
        ("v1.0.0", False, True),
    ]

    words = ("rollback", "--env", "dev", "--version", "v1.0.0", "--component", "lambda")
    assert call(*words)["rolled_back_to"] == "v1.0.0"
    assert dev.answers() == {"v1.0.0"}
    assert call(*words) == {"nothing_to_do": True}
    assert call("verify", "--env", "dev")["problems"] == []
    # What was rolled back from counts as proven no more.
    error = call("promote-sit", "--version", "v1.1.0", code=3)["error"]
    assert "was withdrawn: v1.1.0 was rolled back to v1.0.0" in error["message"]


def test_a_release_that_cannot_start_gets_no_traffic(dev: ServiceOnAws, repo: Repo):
    repo.commit("v1.0.0")
    call("dev")
    repo.commit("v1.1.0", BROKEN)
    error = call("dev", code=1)["error"]
    assert error["code"] == "rolled-back"
    assert "smoke test of the new versions" in error["message"]
    assert dev.answers() == {"v1.0.0"}
    assert {weights == {} for _, weights in dev.live().values()} == {True}
    assert call("status", "--env", "dev")["deployment"]["state"] == "rolled-back"


def test_a_dry_run_changes_nothing_and_shows_every_call(dev: ServiceOnAws, repo: Repo, sandbox):
    repo.commit("v1.0.0")
    seen = sandbox.requests()[-1]["number"] if sandbox.requests() else 0
    plan = call("dev", "--dry-run")["plan"]
    calls = [text for step in plan for text in step["calls"]]
    assert f"lambda:PublishVersion {dev.names[0]}" in calls
    made = {request.get("operation", "") for request in sandbox.requests(seen)}
    verbs = ("Create", "Update", "Put", "Delete", "Publish", "Transact")
    assert not [name for name in made if name.startswith(verbs)]


def test_what_is_not_committed_is_refused(dev: ServiceOnAws, repo: Repo):
    repo.commit("v1.0.0")
    (repo.root / "src" / "more.py").write_text("")
    assert "not committed: src/more.py" in call("dev", code=3)["error"]["message"]


def test_trap_1_9_leftover_weights_are_found_and_cleared(dev: ServiceOnAws, repo: Repo):
    repo.commit("v1.0.0")
    call("dev")
    repo.commit("v1.1.0")
    call("dev")
    name = dev.names[0]
    dev.lambda_.update_alias(
        FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}}
    )
    checks = call("preflight", "--env", "dev", code=3)["checks"]
    assert [c["check"] for c in checks if not c["ok"]] == [f"{name} weights"]
    repo.commit("v1.2.0")
    assert "--clear-weights" in call("dev", code=3)["error"]["message"]
    assert all(c["ok"] for c in call("preflight", "--env", "dev", "--clear-weights")["checks"])
    assert call("dev")["state"] == "succeeded"


def test_trap_2_3_pruning_keeps_whatever_a_rollback_needs(dev: ServiceOnAws, repo: Repo):
    for number in range(5):
        repo.commit(f"v1.{number}.0")
        call("dev")
    removed = call("prune", "--env", "dev", "--keep", "2", "--yes")
    assert removed["kept"] == ["v1.3.0", "v1.4.0"]
    rows = call("rollback", "--env", "dev", "--list")["deployments"]
    assert {r["version"] for r in rows if r["can_roll_back_to"]} == {"v1.3.0"}
    words = ("rollback", "--env", "dev", "--version", "v1.3.0", "--component", "lambda")
    call(*words)
    assert dev.answers() == {"v1.3.0"}
    error = call("rollback", "--env", "dev", "--version", "v1.0.0", code=3)["error"]
    assert "gone or has other bytes" in error["message"]


def test_trap_2_9_the_same_commit_again_is_no_error_and_says_so(dev: ServiceOnAws, repo: Repo):
    repo.commit("v1.0.0")
    assert call("dev")["changed"]
    before = dev.live()
    again = call("dev")
    assert (again["state"], again["changed"]) == ("succeeded", False)
    assert dev.live() == before


def test_trap_2_6_a_rollback_brings_the_configuration_back_too(dev: ServiceOnAws, repo: Repo):
    repo.commit("v1.0.0")
    call("dev")
    for name in dev.names:
        dev.lambda_.update_function_configuration(FunctionName=name, MemorySize=256)
    repo.commit("v1.1.0")
    call("dev")
    assert dev.memory_live() == {256}
    call("rollback", "--env", "dev", "--version", "v1.0.0", "--component", "lambda")
    assert dev.memory_live() == {128}
    assert call("verify", "--env", "dev")["problems"] == []


def test_status_of_a_service_that_was_never_deployed(dev: ServiceOnAws):
    data = call("status", "--env", "dev")
    assert data["deployment"] is None
    assert [t["version"] for t in data["traffic"]] == ["1", "1"]


def test_rolling_back_to_what_never_was_names_what_there_is(dev: ServiceOnAws, repo: Repo):
    repo.commit("v1.0.0")
    call("dev")
    error = call("rollback", "--env", "dev", "--version", "v9.0.0", code=3)["error"]
    assert error["message"] == "'v9.0.0' was never live here"
    assert error["hint"] == "releases to go back to: v1.0.0"


def test_rollback_without_a_version_says_so(dev: ServiceOnAws):
    assert "--version" in call("rollback", "--env", "dev", code=2)["error"]["message"]


def test_monitor_shows_the_deployment_and_its_health(dev: ServiceOnAws, repo: Repo):
    repo.commit("v1.0.0")
    call("dev")
    data = call("monitor", "--env", "dev", "--health-check")
    assert data["deployment"]["state"] == "succeeded"
    assert data["unhealthy"] == []


def test_tampering_with_the_ledger_is_found(dev: ServiceOnAws, repo: Repo):
    repo.commit("v1.0.0")
    call("dev")
    table = dev.session.resource("dynamodb").Table(dev.environment.ledger_table)
    key = {"pk": f"SERVICE#{dev.service}", "sk": "ENTRY#00000003"}
    item = table.get_item(Key=key)["Item"]
    table.put_item(Item={**item, "body": item["body"].replace("v1.0.0", "v6.6.6")})
    problems = call("verify", "--env", "dev", code=1)["problems"]
    assert problems == ["dev: entry 3 was changed after it was written"]


def test_a_chain_written_anew_is_not_the_one_that_was_proven_with(dev: ServiceOnAws, repo: Repo):
    repo.commit("v1.0.0")
    call("dev")
    table = dev.session.resource("dynamodb").Table(dev.environment.ledger_table)
    previous = ""
    for row in table.query(KeyConditionExpression=Key("pk").eq(f"SERVICE#{dev.service}"))["Items"]:
        body = str(row.get("body", "")).replace('"actor":"', '"actor":"eve ')
        changed = {**row, "body": body} if body else row
        if row["sk"].startswith("ENTRY#"):
            facts = (int(row["number"]), previous, row["at"], row["event"], json.loads(body))
            changed |= {"previous": previous, "link": entry_hash(*facts)}
            previous = changed["link"]
        table.put_item(Item=changed)
    head = table.get_item(Key={"pk": f"SERVICE#{dev.service}", "sk": "HEAD"})["Item"]
    table.put_item(Item={**head, "link": previous})
    (problem,) = call("verify", "--env", "dev", code=1)["problems"]
    assert problem.startswith("dev: the chain is not the one that")


VERSION = ("--version", "v1.0.0")
FORGED = {
    "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "77", "CI": "true", "GITHUB_ACTOR": "lead",
    "GITHUB_REPOSITORY": "bbws/2_bbws_auth_lambda", "GITHUB_REF": "refs/tags/v1.0.0",
}  # fmt: skip
WRONG_WAYS = {
    "promoting to sit what dev never had": (("promote-sit", *VERSION), {}),
    "promoting to prod past sit": (("promote-prod", *VERSION), {}),
    "a forged run to sit": (("promote-sit", *VERSION), FORGED),
    "a forged run to prod": (("promote-prod", *VERSION), FORGED),
    "a forged run with decisions": (
        ("promote-prod", *VERSION, "--fix-forward", "--allow-no-traffic"), FORGED),
    "a forged run back": (("rollback", "--env", "prod", *VERSION), FORGED),
    "back to what never was, as an emergency": (
        ("rollback", "--env", "prod", *VERSION, "--emergency", "--reason", "now"), {}),
    "the account of dev for prod": (
        ("rollback", "--env", "prod", *VERSION, "--profile", "Tebogo-dev", "--emergency",
         "--reason", "now"), {}),
    "the region of dev for prod": (
        ("rollback", "--env", "prod", *VERSION, "--region", "eu-west-1"), {}),
    "a hotfix of nothing": (("hotfix",), {}),
}  # fmt: skip
CHANGING = ("Create", "Update", "Put", "Delete", "Publish", "Transact", "Add", "Remove")


@pytest.mark.parametrize(("words", "variables"), WRONG_WAYS.values(), ids=WRONG_WAYS.keys())
def test_wrong_ways_to_sit_and_prod_are_refused_without_a_changing_call(
    dev: ServiceOnAws, repo: Repo, sandbox, monkeypatch, words, variables
):
    repo.commit("v1.0.0")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    seen = sandbox.requests()[-1]["number"]
    call(*words, code=3)
    made = [str(request.get("operation", "")) for request in sandbox.requests(seen)]
    assert not [name for name in made if name.startswith(CHANGING)]
