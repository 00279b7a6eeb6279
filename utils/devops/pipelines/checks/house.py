"""The rules of this house for whatever deploys: account first, approvals, a way back, a word to the
team, and nothing interrupted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from common.environments import environments
from pipelines.checks.expressions import position
from pipelines.workflow.findings import Finding, error, warning
from pipelines.workflow.shapes import is_expression

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.workflow.model import Job, Step, Workflow

_DEPLOYS = re.compile(
    r"""deploy_cli\.py\s+(?:dev|promote-(?:sit|prod)|rollback|hotfix)\b
    |terraform_cli\.py\s+apply\b
    |\bterraform\b[^\n|;&]*\sapply\b
    |\baws\s+lambda\s+(?:update-function-code|update-alias|publish-version)\b
    |\baws\s+(?:ecs\s+update-service|cloudformation\s+deploy)\b
    |\b(?:sam|serverless|sls|cdk)\s+deploy\b""",
    re.X,
)
_DRY = re.compile(r"--dry-run|--list\b|-h\b|--help")
_APPLIES = re.compile(r"\bterraform\b(?:[ \t]+-\S+)*[ \t]+apply\b(?P<words>(?:\\\n|[^\n;&|>#])*)")
_ACCOUNT = re.compile(r"sts\s+get-caller-identity|deploy_cli\.py\s+preflight")
_NOTIFIES = re.compile(
    r"--action[ =]notify|\bsns\s+publish\b|hooks\.slack\.com|slack|webhook|sendmail|notify", re.I
)
_SMOKE = re.compile(r"health-check|pipeline_test\.py\s+integration|smoke", re.I)
_ROLLS_BACK = re.compile(
    r"deploy_cli\.py\s+(?:rollback|abort|resume)\b|rollback|roll[ -]?back", re.I
)
_ON_FAILURE = re.compile(r"failure\(\)|always\(\)|!\s*cancelled\(\)|job\.status")
_NAMED = 3
_AUTOMATIC = frozenset(
    {"push", "pull_request", "pull_request_target", "schedule", "workflow_run", "merge_group"}
)


def check(workflow: Workflow, siblings: Sequence[Workflow] = ()) -> Iterator[Finding]:
    """Findings of the house rules; `siblings` are the repository's other workflows."""
    deploying = [job for job in workflow.jobs.values() if deployment(job)]
    for job in deploying:
        yield from _account_first(job)
        yield from _right_place(job)
        yield from _saved_plan(job)
        yield from _gates(workflow, job)
        yield from _whatever_happened(job)
        yield from _told(job)
        yield from _smoke_tested(workflow, job)
    if deploying:
        yield from _never_cancelled(workflow, deploying)
        yield from _way_back(workflow, deploying, siblings)
    yield from _shared_group(workflow, siblings)


def deployment(job: Job) -> Step | None:
    """The first step of a job that changes what runs somewhere."""
    return next((step for step in job.steps if _deploys(step)), None)


def _deploys(step: Step) -> bool:
    if step.run is None:
        return False
    lines = step.run.text.replace("\\\n", " ").splitlines()
    return any(_DEPLOYS.search(line) and not _DRY.search(line) for line in lines)


def _is_rollback(job: Job) -> bool:
    """Whether going back is all that the job deploys."""
    deploying = [step.run.text for step in job.steps if step.run and _deploys(step)]
    return bool(deploying) and all("deploy_cli.py rollback" in text for text in deploying)


def _account_first(job: Job) -> Iterator[Finding]:
    for step in job.steps:
        if _validates_account(step):
            return
        if _deploys(step):
            message = f"job {job.id!r} deploys before it has validated the AWS account"
            hint = "compare `aws sts get-caller-identity` with the environment's account first"
            yield error("house/account-validation", step.run or step.node, message, hint=hint)
            return


def _validates_account(step: Step) -> bool:
    if step.run is not None and _ACCOUNT.search(step.run.text):
        return True
    return step.inputs.get("allowed-account-ids") is not None


def _right_place(job: Job) -> Iterator[Finding]:
    """A job that deploys to one environment names the account and the region of no other."""
    aimed = targets(job)
    if len(aimed) != 1:
        return
    name = aimed.pop()
    here = environments()[name]
    for node in job.node.scalars():
        for other in environments().values():
            if other.account != here.account and (found := re.search(other.account, node.text)):
                message = (
                    f"job {job.id!r} deploys to {name}, and this is the account of {other.name}"
                )
                hint = f"{name} is {here.account}"
                at = position(node, found.start())
                yield error("house/account-validation", at, message, hint=hint)
                break
    failover = any("--dr" in node.text for node in job.node.scalars())
    for step in job.steps:
        region = step.inputs.get("aws-region")
        if region is None or is_expression(region) or region.text == here.region or failover:
            continue
        message = f"job {job.id!r} deploys to {name} in {region.text}"
        yield warning("house/region", region, message, hint=f"{name} is in {here.region}")


def _saved_plan(job: Job) -> Iterator[Finding]:
    """What is applied is what somebody has seen: a plan that was saved."""
    for step in job.steps:
        for match in _APPLIES.finditer(step.run.text) if step.run is not None else ():
            if all(word.startswith("-") for word in match["words"].split()):
                message = "terraform apply without a saved plan applies what nobody has seen"
                hint = "terraform plan -out=FILE, then terraform apply FILE"
                at = position(step.run, match.start()) if step.run else job.key
                yield warning("house/saved-plan", at, message, hint=hint)


def targets(job: Job) -> set[str]:
    """The environments a job deploys to, as far as its text tells."""
    known = [name for name in environments() if name in ("dev", "sit", "prod")]
    text = " ".join(step.run.text for step in job.steps if step.run and _deploys(step))
    named = job.environment.text if job.environment is not None else ""
    found = {name for name in known if named == name}
    found |= {name for name in known if re.search(rf"(?:--env[ =]|promote-){name}\b", text)}
    return found


def _gates(workflow: Workflow, job: Job) -> Iterator[Finding]:
    here = job.environment.text if job.environment is not None else ""
    for name in sorted(targets(job) - {"dev"}):
        if here != name and "${{" not in here:
            message = f"job {job.id!r} deploys to {name} outside environment {name!r}"
            hint = f"'environment: {name}' makes it wait for its approval"
            yield error("house/approval-gate", job.key, message, hint=hint)
        automatic = sorted(_AUTOMATIC & set(workflow.events))
        if automatic:
            place = workflow.event_nodes[automatic[0]]
            message = f"{name} is deployed on {automatic[0]!r}, but only by promotion, on request"
            yield error("house/direct-deploy", place, message)
    if "prod" in targets(job) and not _is_rollback(job):
        yield from _prod_gates(workflow, job)


def _whatever_happened(job: Job) -> Iterator[Finding]:
    """`always()` runs a job after a check that failed and a gate that was refused, too."""
    condition = job.condition
    if condition is None or not job.needs or _is_rollback(job):
        return
    if _ON_FAILURE.search(condition.text) and ".result" not in condition.text:
        message = f"job {job.id!r} deploys even when a job it needs has failed or was refused"
        yield error("house/approval-gate", condition, message, hint="leave the condition out")


def _prod_gates(workflow: Workflow, job: Job) -> Iterator[Finding]:
    """Business owner and tech lead: two gates, as one reviewer is enough for an environment."""
    passed = {
        before.environment.text
        for before in workflow.ancestors(job)
        if before.environment is not None
    }
    for role in environments()["prod"].approvals:
        if f"prod-{role}" not in passed:
            message = f"job {job.id!r} deploys to prod without the gate 'prod-{role}' before it"
            hint = f"a job in environment prod-{role}, and 'needs' on it"
            yield error("house/approval-gate", job.key, message, hint=hint)


def _told(job: Job) -> Iterator[Finding]:
    for step in job.steps:
        condition = step.condition.text if step.condition is not None else ""
        if _does(step, _NOTIFIES) and _ON_FAILURE.search(condition):
            return
    message = f"job {job.id!r} deploys, but tells nobody when that fails"
    hint = "a last step with `if: ${{ failure() }}` and monitor_cli.py alerts --action notify"
    yield error("house/notification", job.key, message, hint=hint)


def _does(step: Step, pattern: re.Pattern[str]) -> bool:
    """Whether what the step does matches; its name proves nothing."""
    return any(node is not None and pattern.search(node.text) for node in (step.run, step.uses))


def _text_matches(step: Step, pattern: re.Pattern[str]) -> bool:
    nodes = (step.name, step.run, step.uses)
    return any(node is not None and pattern.search(node.text) for node in nodes)


def _smoke_tested(workflow: Workflow, job: Job) -> Iterator[Finding]:
    first = deployment(job)
    after = [step for step in job.steps if first is not None and step.number > first.number]
    later = [other for other in workflow.jobs.values() if job in list(workflow.ancestors(other))]
    steps = [*after, *(step for other in later for step in other.steps)]
    if not any(_tests(step) for step in steps):
        message = f"job {job.id!r} deploys, but nothing tests afterwards whether that works"
        hint = "monitor_cli.py health-check, or pipeline_test.py integration"
        yield error("house/smoke-test", job.key, message, hint=hint)


def _tests(step: Step) -> bool:
    """Whether a step tests what runs: by what it does, or by its name when it not only talks."""
    if _does(step, _SMOKE):
        return True
    talks = step.run is not None and re.fullmatch(
        r"\s*(?:(?:echo|true|:)\b[^\n]*\n?\s*)*", step.run.text
    )
    return not talks and _text_matches(step, _SMOKE)


def _never_cancelled(workflow: Workflow, deploying: Sequence[Job]) -> Iterator[Finding]:
    """An interrupted apply leaves locks behind, an interrupted canary leaves weights."""
    owners = [workflow.root, *(job.node for job in deploying)]
    for owner in owners:
        concurrency = owner.get("concurrency")
        if concurrency is None or not concurrency.is_mapping:
            continue
        cancel = concurrency.get("cancel-in-progress")
        if cancel is not None and cancel.text != "false":
            message = "a deployment is never interrupted, so 'cancel-in-progress' must be false"
            yield error("house/cancel-deployment", cancel, message)
    if all(owner.get("concurrency") is None for owner in owners):
        message = "a deployment without a concurrency group: two of them can run at once"
        yield error("house/deployment-concurrency", deploying[0].key, message)


def _way_back(
    workflow: Workflow, deploying: Sequence[Job], siblings: Sequence[Workflow]
) -> Iterator[Finding]:
    if any(_is_rollback(job) for other in (workflow, *siblings) for job in other.jobs.values()):
        return
    for job in deploying:
        for step in job.steps:
            condition = step.condition.text if step.condition is not None else ""
            if _text_matches(step, _ROLLS_BACK) and _ON_FAILURE.search(condition):
                return
    message = "there is a deployment, but no workflow and no step that rolls it back"
    hint = "pipeline_cli.py create-rollback"
    yield error("house/rollback", deploying[0].key, message, hint=hint)


def _shared_group(workflow: Workflow, siblings: Sequence[Workflow]) -> Iterator[Finding]:
    """One group in two workflows: a pending run of one silently removes that of the other."""
    group = workflow.group
    if group is None or "github.workflow" in group.text:
        return
    others = [s.path.name for s in siblings if s.group is not None and s.group.text == group.text]
    if others:
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        names = ", ".join(others[:_NAMED]) + more
        message = f"{names} use{'s' * (len(others) == 1)} the same concurrency group {group.text!r}"
        hint = "a waiting run of one would be dropped for the other"
        yield warning("house/concurrency-shared", group, message, hint=hint)
