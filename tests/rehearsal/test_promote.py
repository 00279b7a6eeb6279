"""`promote`: gates, hand-over and canary, against the environments of a real GitHub's stand-in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipeline_test import cli
from pipelines.generation.build import Pipeline, workflow_files
from tests.pipelines.builders import SERVICE
from tests.repository.house import NAME, House, at_home, prepared

__all__ = ["prepared"]
SCRIPTS = ("deploy_cli", "local_runner", "monitor_cli", "release_cli")


@pytest.fixture(scope="session")
def promotable(prepared: Path) -> Path:
    """The house with its variables set, and a checkout of its repository; to copy."""
    folder = prepared / "promotable"
    shutil.copytree(prepared / "gated", folder)
    with at_home(folder) as found:
        for env in ("dev", "sit", "prod"):
            assert found.on("secrets", "--env", env).exit_code == 0
    root = folder / NAME
    for path, text in workflow_files(SERVICE):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "utils" / "devops").mkdir(parents=True)
    for name in SCRIPTS:
        (root / "utils" / "devops" / f"{name}.py").write_text(
            "# a stand-in that knows every word\n"
        )
    return folder


@pytest.fixture
def ready(tmp_path: Path, promotable: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """This process in the checkout."""
    shutil.copytree(promotable, tmp_path, dirs_exist_ok=True)
    with at_home(tmp_path) as found:
        monkeypatch.chdir(tmp_path / NAME)
        yield found


def promote(env: str, pipeline: Pipeline | None = None, *words: str) -> tuple[int, dict[str, Any]]:
    workflow = pipeline or {"sit": Pipeline.PROMOTE_SIT, "prod": Pipeline.PROMOTE_PROD}[env]
    line = ["promote", "--workflow", workflow.path, "--env", env, "-o", "json"]
    result = CliRunner().invoke(cli, [*line, "--repository", f"bbws/{NAME}", *words])
    return result.exit_code, json.loads(result.stdout)


def details(found: dict[str, Any], name: str) -> tuple[str, list[str]]:
    check = next(one for one in found["checks"] if one["name"] == name)
    return check["verdict"], check["details"]


def edit(pipeline: Pipeline, old: str, new: str) -> None:
    path = Path(pipeline.path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("env", ["sit", "prod"])
def test_a_generated_promotion_passes_and_changes_nothing(ready: House, env: str) -> None:
    before = ready.world()
    code, found = promote(env)
    assert (code, [c for c in found["checks"] if c["verdict"] != "passed"]) == (0, [])
    assert ready.world() == before
    assert found["not_exercised"]


@pytest.mark.parametrize(
    ("name", "key", "value", "reason"),
    [
        ("prod-tech-lead", "prevent_self_review", False, "self-approval"),
        ("prod-tech-lead", "reviewers", [], "nobody has to approve"),
        ("prod", "can_admins_bypass", True, "admin bypass"),
    ],
)
def test_trap_6_7_a_gate_is_what_github_enforces_not_what_a_file_names(
    ready: House, name: str, key: str, value: object, reason: str
) -> None:
    ready.repo["environments"][name][key] = value
    code, found = promote("prod")
    verdict, lines = details(found, "gates on GitHub")
    assert (code, verdict) == (1, "failed")
    assert any(line.startswith(f"{name}: ") and reason in line for line in lines)


def test_two_gates_with_one_reviewer_are_one(ready: House) -> None:
    gates = ready.repo["environments"]
    gates["prod-tech-lead"]["reviewers"] = gates["prod-business-owner"]["reviewers"]
    _, found = promote("prod")
    assert any("have the same reviewer" in line for line in details(found, "gates on GitHub")[1])


def test_a_missing_environment_would_be_made_without_protection(ready: House) -> None:
    del ready.repo["environments"]["sit"]
    code, found = promote("sit")
    assert code == 1
    assert "sit: it does not exist" in details(found, "gates on GitHub")[1][0]


def test_without_a_token_the_gates_are_unknown_and_that_is_no_pass(
    ready: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    code, found = promote("sit")
    assert (code, details(found, "gates on GitHub")[0]) == (4, "unknown")


def test_trap_2_7_an_artifact_of_the_run_does_not_outlive_the_approval(ready: House) -> None:
    step = "      - name: Smoke test\n"
    download = "      - uses: actions/download-artifact@" + "a" * 40 + " # v8\n"
    edit(Pipeline.PROMOTE_SIT, step, download + step)
    code, found = promote("sit")
    assert code == 1
    assert "which an approval can outlive" in details(found, "hand-over")[1][0]


def test_a_release_is_verified_before_anybody_is_asked(ready: House) -> None:
    edit(Pipeline.PROMOTE_PROD, "deploy_cli.py verify", "deploy_cli.py status")
    _, found = promote("prod")
    assert details(found, "hand-over")[0] == "failed"


@pytest.mark.parametrize(("percent", "minutes"), [(50, 5), (10, 1)])
def test_a_canary_starts_small_and_is_watched(ready: House, percent: int, minutes: int) -> None:
    steps = [{"percent": percent, "minutes": minutes}, {"percent": 100, "minutes": 1}]
    Path("deploy.yml").write_text(json.dumps({"environments": {"prod": {"steps": steps}}}))
    code, found = promote("prod")
    assert code == 1
    assert "at most 10 % for at least 5 minutes" in details(found, "canary")[1][0]


def test_a_job_and_its_session_outlast_the_canary(ready: House) -> None:
    edit(Pipeline.PROMOTE_PROD, "timeout-minutes: 120", "timeout-minutes: 20")
    edit(
        Pipeline.PROMOTE_PROD,
        "          role-session-name:",
        '          role-duration-seconds: "900"\n          role-session-name:',
    )
    _, found = promote("prod")
    lines = details(found, "canary")[1]
    assert any("ends after 20 min" in line for line in lines)
    assert any("ends after 900 s" in line for line in lines)


def test_a_script_that_is_not_there_is_found_before_the_run_is(ready: House) -> None:
    Path("utils/devops/monitor_cli.py").unlink()
    code, found = promote("sit")
    assert (code, details(found, "scripts")[1]) == (
        1, ["utils/devops/monitor_cli.py is not in the repository"],
    )  # fmt: skip


def test_a_command_that_a_script_does_not_have_is_found(ready: House) -> None:
    Path("utils/devops/monitor_cli.py").write_text("raise SystemExit(2)\n")
    _, found = promote("sit")
    assert "there is no such command" in details(found, "scripts")[1][0]


def test_a_workflow_that_deploys_elsewhere_is_a_wrong_question(ready: House) -> None:
    code, found = promote("prod", Pipeline.PROMOTE_SIT)
    assert (code, found["error"]["hint"]) == (2, "it deploys to: sit")
