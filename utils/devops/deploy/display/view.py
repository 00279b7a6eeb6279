"""Deployments as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from common.output import table
from deploy.states import State

if TYPE_CHECKING:
    from common.aws_lambda import Alias
    from deploy.canary.judgement import Judgement
    from deploy.execution.plan import Step
    from deploy.ledger.chain import Head
    from deploy.ledger.leases import Lock
    from deploy.model import Deployment
    from deploy.ports import Check


def judgement_table(judgement: Judgement) -> str:
    """What was compared, and what came of it."""
    rows = [
        (f.subject, f.metric, f.new, f.stable, f.verdict.name.lower(), f.reason)
        for f in judgement.findings
    ]
    return table(("what", "metric", "new", "stable", "verdict", "why"), rows)


def plan_text(title: str, steps: Sequence[Step]) -> str:
    """A plan, with the calls that would change something."""
    lines = [title]
    for number, step in enumerate(steps, start=1):
        lines.append(f"{number:>2}. {step.position}: {step.title}")
        lines += [f"      {call}" for call in step.calls]
    return "\n".join(lines)


def plan_data(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {"state": str(step.position), "title": step.title, "calls": list(step.calls)}
        for step in steps
    ]


def checks_text(checks: Iterable[Check]) -> str:
    """All checks, passed or not."""
    rows = [("ok" if check.ok else "NO", check.name, check.detail) for check in checks]
    return table(("", "check", "found"), rows)


def list_data(
    deployments: Sequence[Deployment], live: str, restorable: frozenset[str]
) -> list[dict[str, Any]]:
    """Deployments for programs, newest first, with what is live and what can be gone back to."""
    return [
        {
            "id": d.id,
            "version": d.version,
            "commit": d.commit,
            "digest": d.digest,
            "kind": d.kind.value,
            "state": str(d.position),
            "started": d.started,
            "updated": d.updated,
            "by": d.actor,
            "live": d.id == live,
            "can_roll_back_to": d.id in restorable and d.id != live,
            "reason": d.reason or d.cause,
        }
        for d in reversed(deployments)
    ]


def list_text(rows: Sequence[dict[str, Any]]) -> str:
    """The same for people."""
    if not rows:
        return "no deployments yet"
    return table(
        ("version", "when", "who", "what", "state", "digest", "live", "back"),
        [
            (
                row["version"],
                row["started"][:16].replace("T", " "),
                row["by"],
                row["kind"],
                row["state"],
                row["digest"][:12],
                "live" if row["live"] else "",
                "yes" if row["can_roll_back_to"] else "",
            )
            for row in rows
        ],
    )


def status_data(
    head: Head,
    deployment: Deployment | None,
    lock: Lock | None,
    aliases: Sequence[Alias | None],
    left_seconds: int | None,
) -> dict[str, Any]:
    """Where a service stands: ledger and AWS side by side."""
    return {
        "live": head.live or None,
        "blocked_by": head.block or None,
        "deployment": _brief(deployment) if deployment else None,
        "seconds_left": left_seconds,
        "lock": {"holder": lock.holder, "owner": lock.owner} if lock else None,
        "traffic": [
            {"function": a.function, "version": a.version, "weights": dict(a.weights)}
            for a in aliases
            if a
        ],
    }


def status_text(data: dict[str, Any]) -> str:
    """The same for people."""
    deployment = data["deployment"]
    lines = []
    if deployment:
        lines.append(
            f"{deployment['version']} ({deployment['id']}): {deployment['state']}, "
            f"by {deployment['by']}"
        )
        lines += [f"  {approval}" for approval in deployment["approvals"]]
        lines += [f"  {judged}" for judged in deployment["judged"]]
        if deployment["cause"]:
            lines.append(f"  because: {deployment['cause']}")
        if data["seconds_left"] is not None:
            lines.append(f"  about {data['seconds_left']} s left in this step")
    else:
        lines.append("nothing was deployed yet")
    lines += data.get("waiting", [])
    if data.get("waiting_unknown"):
        lines.append(data["waiting_unknown"])
    if data["lock"]:
        lines.append(f"at work: {data['lock']['owner']}")
    if data["blocked_by"]:
        lines.append(f"BLOCKED by incident {data['blocked_by']}")
    rows = [(t["function"], t["version"], _weights(t["weights"])) for t in data["traffic"]]
    lines.append(table(("function", "version", "also"), rows) if rows else "no functions")
    return "\n".join(lines)


def _brief(deployment: Deployment) -> dict[str, Any]:
    return {
        "id": deployment.id,
        "version": deployment.version,
        "state": str(deployment.position),
        "done": deployment.position.done or deployment.position.state is State.SUCCEEDED,
        "kind": deployment.kind.value,
        "by": deployment.actor,
        "started": deployment.started,
        "updated": deployment.updated,
        "approvals": [f"{a.gate}: approved by {a.by}" for a in deployment.approvals],
        "judged": [
            f"{j.percent} %: {j.verdict.name.lower()} ({j.window})" for j in deployment.judged
        ],
        "cause": deployment.cause,
        "incident": deployment.incident or None,
        "run": deployment.run or None,
    }


def _weights(weights: dict[str, float]) -> str:
    return ", ".join(f"{share:.0%} to {version}" for version, share in weights.items())
