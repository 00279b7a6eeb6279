"""The gate holds: every way to reach SIT or PROD wrongly is refused, whoever tries."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from common.errors import ExitCode, RefusedError
from deploy.model import Approval
from deploy.packaging.artifacts import Evidence, Manifest
from deploy.promotion.gate import ROLE, Intent, pass_gate, require_evidence
from deploy.promotion.hub import Job, Review, RunFacts

COMMIT, OTHER = "c" * 40, "e" * 40
NAME = "bbws/2_bbws_auth_lambda"


@dataclass(frozen=True)
class Attempt:
    """Everything right; each case makes one thing wrong."""

    intent: Intent = field(
        default_factory=lambda: Intent(
            "prod", "093646564004", "auth", "2_bbws_auth_lambda", "v1.0.0", COMMIT
        )
    )
    run_id: str | None = "77"
    identity: str = "arn:aws:sts::093646564004:assumed-role/github-2_bbws_auth_lambda-prod/auth-77"
    run: RunFacts | None = field(
        default_factory=lambda: RunFacts(
            id="77", repository=NAME, head_repository=NAME,
            path=".github/workflows/promote-prod.yml", event="workflow_dispatch",
            status="in_progress", conclusion="", head_sha=COMMIT, head_branch="v1.0.0",
            title="Promote v1.0.0 to PROD", people=frozenset({"dev"}), url="",
        )
    )  # fmt: skip
    reviews: tuple[Review, ...] = (
        Review(("prod-business-owner",), "approved", "bo"),
        Review(("prod-tech-lead",), "approved", "lead"),
    )
    jobs: tuple[Job, ...] = (
        Job("Check the release", "completed", "success"),
        Job("Deploy to PROD", "in_progress", ""),
    )
    name: str = NAME
    tag: str | None = COMMIT
    reviewed: bool = True


class FakeHub:
    """GitHub as the attempt has it; answers for the run it was given and no other."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    def full_name(self):
        return self._attempt.name

    def run(self, identity):
        run = self._attempt.run
        return run if run and run.id == identity else None

    def reviews(self, identity):
        return list(self._attempt.reviews)

    def jobs(self, identity):
        return list(self._attempt.jobs)

    def tag(self, version):
        return self._attempt.tag

    def is_on_main(self, commit):
        return self._attempt.reviewed

    def is_reviewed(self, commit):
        return self._attempt.reviewed


def attempt_of(attempt: Attempt):
    return pass_gate(attempt.intent, attempt.run_id, attempt.identity, FakeHub(attempt))


def with_run(**changes) -> Attempt:
    return replace(Attempt(), run=replace(Attempt().run, **changes))


def with_reviews(*reviews: Review) -> Attempt:
    return replace(Attempt(), reviews=reviews)


def as_role(identity: str) -> Attempt:
    return replace(Attempt(), identity=identity)


BO, LEAD = Attempt().reviews
ARN = "arn:aws:sts::093646564004:assumed-role/github-2_bbws_auth_lambda-prod"
WRONG = {
    "no run at all": (replace(Attempt(), run_id=None), "not a run of its pipeline"),
    "an empty run id": (replace(Attempt(), run_id=""), "not a run of its pipeline"),
    "a forged run id": (replace(Attempt(), run_id="78"), "knows no run 78"),
    "a path as run id": (replace(Attempt(), run_id="77/../78"), "is no run"),
    "a run that is gone": (replace(Attempt(), run=None), "knows no run"),
    "another repository's run": (with_run(repository="bbws/other"), "one of bbws/other"),
    "another owner's repository": (
        with_run(repository="eve/2_bbws_auth_lambda"), "one of eve/"),
    "another service's repository": (
        replace(Attempt(), name="bbws/2_bbws_cart_lambda"), "not of 2_bbws_auth_lambda"),
    "code from a fork": (with_run(head_repository="eve/2_bbws_auth_lambda"), "comes from eve/"),
    "code from nowhere": (with_run(head_repository=""), "comes from nowhere"),
    "the workflow of sit": (
        with_run(path=".github/workflows/promote-sit.yml"), "workflows/promote-sit"),
    "the workflow of dev": (with_run(path=".github/workflows/deploy-dev.yml"), "deploy-dev.yml"),
    "a workflow of one's own": (with_run(path=".github/workflows/mine.yml"), "mine.yml"),
    "a workflow elsewhere": (with_run(path="promote-prod.yml"), "it runs promote-prod.yml"),
    "started by a push": (with_run(event="push"), "started by push"),
    "started by a pull request": (with_run(event="pull_request"), "started by pull_request"),
    "started by a schedule": (with_run(event="schedule"), "started by schedule"),
    "a run that is over": (with_run(status="completed", conclusion="success"), "it is completed"),
    "a run that waits": (with_run(status="waiting"), "it is waiting"),
    "a run that is queued": (with_run(status="queued"), "it is queued"),
    "a hand-made dispatch from main": (
        with_run(head_sha=OTHER, head_branch="main"), "it runs at commit eeeeeeeeeeee"),
    "a run for another version": (with_run(title="Promote v2.0.0 to PROD"), "about v2.0.0"),
    "the tag moved on GitHub": (replace(Attempt(), tag=OTHER), "is eeeeeeeeeeee on GitHub"),
    "the tag was deleted": (replace(Attempt(), tag=None), "GitHub has no tag v1.0.0"),
    "a tag on a commit that nobody reviewed": (
        replace(Attempt(), reviewed=False), "is not on main, and no pull request"),
    "nobody approved": (with_reviews(), "prod-business-owner has not been approved"),
    "only the business owner approved": (with_reviews(BO), "prod-tech-lead has not been"),
    "only the tech lead approved": (with_reviews(LEAD), "prod-business-owner has not been"),
    "one approver for both roles": (
        with_reviews(BO, replace(LEAD, by="bo")), "one person approved for both"),
    "one review for both gates": (
        with_reviews(Review(("prod-business-owner", "prod-tech-lead"), "approved", "bo")),
        "one person approved for both"),
    "the starter approved himself": (
        with_reviews(replace(BO, by="dev"), LEAD), "approved by who started the run"),
    "the starter approved both": (
        with_reviews(replace(BO, by="dev"), replace(LEAD, by="dev")), "who started the run"),
    "the business owner rejected": (
        with_reviews(replace(BO, state="rejected"), LEAD), "prod-business-owner was rejected"),
    "rejected after it was approved": (
        with_reviews(BO, LEAD, replace(LEAD, state="rejected")), "prod-tech-lead was rejected"),
    "approved by nobody known": (with_reviews(replace(BO, by=""), LEAD), "has not been approved"),
    "approved for sit": (
        with_reviews(Review(("sit",), "approved", "lead")), "has not been approved"),
    "approved by a look-alike gate": (
        with_reviews(BO, Review(("prod-tech-leads",), "approved", "lead")), "prod-tech-lead has"),
    "a person's role": (as_role("arn:aws:sts::093646564004:assumed-role/Admin/ann"), "'Admin'"),
    "a user": (as_role("arn:aws:iam::093646564004:user/ann"), "is no pipeline's role"),
    "the root user": (as_role("arn:aws:iam::093646564004:root"), "is no pipeline's role"),
    "the role of dev": (
        as_role(ARN.replace("-prod", "-dev") + "/auth-77"), "not 'github-2_bbws_auth_lambda-prod'"),
    "the role of another service": (
        as_role(ARN.replace("auth", "cart") + "/auth-77"), "'github-2_bbws_cart_lambda-prod'"),
    "the role in another account": (
        as_role(ARN.replace("093646564004", "536580886816") + "/auth-77"), "536580886816"),
    "approval of another run": (as_role(ARN + "/auth-76"), "not that of run 77"),
    "a session without a run": (as_role(ARN + "/GitHubActions"), "not that of run 77"),
    "another service's session": (as_role(ARN + "/cart-77"), "not that of run 77"),
    "the deploying job has not begun": (
        replace(Attempt(), jobs=(Job("Deploy to PROD", "waiting", ""),)), "is not at work"),
    "the deploying job is over": (
        replace(Attempt(), jobs=(Job("Deploy to PROD", "completed", "success"),)), "not at work"),
    "from another job of the run": (
        replace(Attempt(), jobs=(Job("Check the release", "in_progress", ""),)), "not at work"),
    "a run without jobs": (replace(Attempt(), jobs=()), "is not at work"),
}  # fmt: skip


def test_the_approved_run_passes_and_its_approvals_are_kept():
    passed = attempt_of(Attempt())
    assert passed.run == "77"
    assert passed.approvals == (
        Approval("prod-business-owner", "bo"),
        Approval("prod-tech-lead", "lead"),
    )


@pytest.mark.parametrize(("attempt", "said"), WRONG.values(), ids=WRONG.keys())
def test_the_gate_holds(attempt: Attempt, said: str):
    with pytest.raises(RefusedError) as caught:
        attempt_of(attempt)
    assert said in caught.value.message
    assert caught.value.exit_code is ExitCode.REFUSED


def test_there_are_at_least_forty_wrong_attempts():
    assert len(WRONG) + len(UNPROVEN) >= 40


def test_environment_variables_prove_nothing(monkeypatch):
    for name, value in {
        "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "77", "GITHUB_SHA": COMMIT, "CI": "true",
        "GITHUB_WORKFLOW_REF": f"{NAME}/.github/workflows/promote-prod.yml@refs/tags/v1.0.0",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(RefusedError):
        attempt_of(as_role("arn:aws:sts::093646564004:assumed-role/Admin/ann"))


def test_sit_needs_its_one_gate():
    intent = replace(Attempt().intent, environment="sit", account="815856636111")
    identity = "arn:aws:sts::815856636111:assumed-role/github-2_bbws_auth_lambda-sit/auth-77"
    good = replace(
        with_run(path=".github/workflows/promote-sit.yml", title="Promote v1.0.0 to SIT"),
        intent=intent,
        identity=identity,
        reviews=(Review(("sit",), "approved", "lead"),),
    )
    assert attempt_of(good).approvals == (Approval("sit", "lead"),)
    with pytest.raises(RefusedError, match="sit has not been approved"):
        attempt_of(replace(good, reviews=()))


def test_a_hotfix_needs_the_business_owner_and_nobody_else():
    title = {"title": "Hotfix v1.0.0 to PROD"}
    good = replace(with_run(**title), intent=replace(Attempt().intent, hotfix=True), reviews=(BO,))
    assert attempt_of(good).approvals == (Approval("prod-business-owner", "bo"),)
    for wrong in (
        replace(good, reviews=()),
        replace(good, reviews=(LEAD,)),
        replace(good, reviews=(replace(BO, by="dev"),)),
        replace(good, run=replace(good.run, title="Hotfix v9.9.9 to PROD")),
    ):
        with pytest.raises(RefusedError):
            attempt_of(wrong)


def test_what_only_calls_itself_a_hotfix_needs_both_approvals():
    with pytest.raises(RefusedError, match="prod-tech-lead has not been approved"):
        attempt_of(replace(with_run(title="Hotfix v1.0.0 to PROD"), reviews=(BO,)))


def test_a_rollback_is_the_tech_leads_and_runs_from_main():
    intent = replace(Attempt().intent, rollback=True)
    good = replace(
        with_run(
            path=".github/workflows/rollback.yml", head_sha=OTHER, head_branch="main",
            title="Roll prod back to v1.0.0 (full)",
        ),
        intent=intent, reviews=(LEAD,), jobs=(Job("Roll back", "in_progress", ""),),
    )  # fmt: skip
    assert attempt_of(good).approvals == (Approval("prod-tech-lead", "lead"),)
    for wrong in (
        replace(good, reviews=(BO,)),
        replace(good, run=replace(good.run, head_branch="eve")),
        # Started from a tag that is called main.
        replace(good, reviewed=False),
        replace(good, run=replace(good.run, title="Roll prod back to v0.1.0 (full)")),
    ):
        with pytest.raises(RefusedError):
            attempt_of(wrong)


def test_the_role_is_the_one_that_bootstrap_makes():
    from common.environments import environment
    from infra.roles import pipeline_roles

    names = [role.name for role in pipeline_roles(environment("prod"), (NAME,))]
    assert names == [ROLE.format(repository="2_bbws_auth_lambda", environment="prod")]


DIGEST = "d" * 64
EVIDENCE = Evidence("auth", "sit", "v1.0.0", COMMIT, DIGEST, "d1", "now", "h", (), (), ())
MANIFEST = Manifest("auth", COMMIT, DIGEST, 1, 1, (), "now")
UNPROVEN = {
    "no lower success": (None, MANIFEST),
    "no manifest": (EVIDENCE, None),
    "other digest": (EVIDENCE, replace(MANIFEST, sha256="0" * 64)),
    "another commit was proven": (replace(EVIDENCE, commit=OTHER), MANIFEST),
    "another commit was built": (EVIDENCE, replace(MANIFEST, commit=OTHER)),
    "another service was proven": (replace(EVIDENCE, service="cart"), MANIFEST),
    "dev proved it, not sit": (replace(EVIDENCE, environment="dev"), MANIFEST),
    "another version was proven": (replace(EVIDENCE, version="v0.9.0"), MANIFEST),
}


@pytest.mark.parametrize(("evidence", "manifest"), UNPROVEN.values(), ids=UNPROVEN.keys())
def test_what_the_environment_below_did_not_prove_is_refused(evidence, manifest):
    with pytest.raises(RefusedError):
        require_evidence(Attempt().intent, "sit", evidence, manifest)


def test_what_sit_proved_is_accepted():
    assert require_evidence(Attempt().intent, "sit", EVIDENCE, MANIFEST) == EVIDENCE
