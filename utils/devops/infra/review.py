"""A plan as people read it before they agree: one structure, shown as text, Markdown or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from infra.changes import ABSENT, UNKNOWN, Action, AttributeChange, Change

if TYPE_CHECKING:
    from infra.cost import CostChange
    from infra.policy import Finding
    from infra.record import Counts, PlanRecord
    from infra.scanners import Scan

_SHOWN_ATTRIBUTES = 25
_SHOWN_ON_CREATE = 8
_COMMENT_LIMIT = 60_000
_SIGNS = {
    Action.DELETE: "-",
    Action.REPLACE: "-/+",
    Action.FORGET: ".",
    Action.UPDATE: "~",
    Action.CREATE: "+",
    Action.READ: "<=",
    Action.NONE: "=",
}
_TITLES = {
    Action.DELETE: "destroyed",
    Action.REPLACE: "replaced (destroyed, then created anew)",
    Action.FORGET: "forgotten (left alone, no longer managed)",
    Action.UPDATE: "updated",
    Action.CREATE: "created",
    Action.READ: "read",
    Action.NONE: "taken into the state as they are",
}


@dataclass(frozen=True, slots=True)
class Review:
    """What a reviewer has to know about a plan."""

    record: PlanRecord
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    scans: tuple[Scan, ...]
    cost: CostChange
    notes: tuple[str, ...] = ()
    applicable: bool = True

    @property
    def counts(self) -> Counts:
        return self.record.counts

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Of the house and of every scanner."""
        scanned = [finding for scan in self.scans for finding in scan.findings]
        return (*self.findings, *scanned)


def to_json(review: Review) -> dict[str, Any]:
    """The review as one document."""
    record = review.record
    return {
        "environment": record.environment,
        "repository": record.repository,
        "account": record.account,
        "counts": asdict(record.counts),
        "changes": [
            {
                **asdict(change),
                "action": change.action.value,
                "stateful": change.stateful,
                "loses": change.loses,
            }
            for change in review.changes
        ],
        "findings": [
            {**asdict(finding), "severity": finding.severity.name.lower()}
            for finding in review.all_findings
        ],
        "scanners": {scan.name: scan.problem or "ran" for scan in review.scans},
        "cost": {**asdict(review.cost), "delta": review.cost.delta, "currency": "USD/month"},
        "notes": list(review.notes),
        "applicable": review.applicable,
        "record": asdict(record),
        "seal": record.seal,
    }


def summary(counts: Counts) -> str:
    """`1 to create, 2 to update`, or that nothing changes."""
    parts = [
        f"{number} to {verb}"
        for verb, number in (
            ("destroy", counts.delete),
            ("replace", counts.replace),
            ("update", counts.update),
            ("create", counts.create),
            ("forget", counts.forget),
        )
        if number
    ]
    if counts.outputs and not parts:
        return f"only outputs change ({counts.outputs})"
    return ", ".join(parts) or "no changes"


def to_text(review: Review) -> str:
    """The review for a terminal."""
    return "\n".join(_text_lines(review))


def _text_lines(review: Review) -> Iterator[str]:
    record = review.record
    commit = (record.commit or "no commit")[:12] + (
        " + uncommitted changes" if record.dirty else ""
    )
    yield f"{record.repository} in {record.environment} ({record.account}), {commit}"
    yield f"Plan: {summary(review.counts)}"
    yield from _shouted(review)
    for action in Action:
        group = [change for change in review.changes if change.action is action]
        if group:
            yield ""
            yield f"{len(group)} {_TITLES[action]}:"
            for change in group:
                yield from _change_lines(change)
    yield from _finding_lines(review)
    yield ""
    yield _cost_line(review.cost)
    yield from (f"note: {note}" for note in review.notes)
    yield _closing(review)


def _shouted(review: Review) -> Iterator[str]:
    lost = [change for change in review.changes if change.loses]
    if not lost:
        return
    yield ""
    yield "!!! DATA IS LOST: these hold what cannot be made again !!!"
    for change in lost:
        yield f"!!! {change.action.value.upper()} {change.address}"


def _change_lines(change: Change) -> Iterator[str]:
    marks = [
        "!!! STATEFUL" if change.loses else "",
        f"imported as {change.imported}" if change.imported else "",
        f"moved from {change.moved_from}" if change.moved_from else "",
        (change.reason or "").replace("_", " "),
    ]
    extra = ", ".join(filter(None, marks))
    yield f"  {_SIGNS[change.action]} {change.address}{f'  ({extra})' if extra else ''}"
    attributes, limit = _worth_showing(change)
    for attribute in attributes[:limit]:
        yield f"      {_attribute(attribute, change.action)}"
    if len(attributes) > limit:
        yield f"      … {len(attributes) - limit} more"


def _worth_showing(change: Change) -> tuple[list[AttributeChange], int]:
    """What is new to read: of something created, what is known; of something destroyed, nothing."""
    if change.action is Action.DELETE:
        return [], 0
    if change.action is Action.CREATE:
        known = [entry for entry in change.attributes if entry.after not in {UNKNOWN, ABSENT}]
        return [entry for entry in known if not entry.path.startswith("tags_all")], _SHOWN_ON_CREATE
    forced_first = sorted(change.attributes, key=lambda entry: not entry.forces)
    return forced_first, _SHOWN_ATTRIBUTES


def _attribute(attribute: AttributeChange, action: Action) -> str:
    if action is Action.CREATE:
        return f"{attribute.path}: {attribute.after}"
    forces = "  ← forces replacement" if attribute.forces else ""
    return f"{attribute.path}: {attribute.before} → {attribute.after}{forces}"


def _finding_lines(review: Review) -> Iterator[str]:
    findings = review.all_findings
    yield ""
    number = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    yield f"Policy: {number}" if findings else "Policy: nothing found"
    for finding in findings:
        severity = finding.severity.name.lower()
        yield f"  {severity:6} {finding.rule}  {finding.address}: {finding.message}"
    for scan in review.scans:
        if scan.problem:
            yield f"  ({scan.name}: {scan.problem})"


def _cost_line(cost: CostChange) -> str:
    delta = f"{cost.delta:+.2f}" if cost.delta else "±0"
    unknown = f"; no known price: {', '.join(cost.unpriced)}" if cost.unpriced else ""
    return f"Cost: about {delta} USD a month before use{unknown}"


def _closing(review: Review) -> str:
    if not review.applicable:
        return "This plan is for review only: it is not registered, so it cannot be applied."
    return f"Seal {review.record.seal[:12]}, good until {review.record.expires}"


def to_markdown(review: Review) -> str:
    """The review as a comment on a pull request; cut where GitHub would refuse it."""
    text = "\n".join(_markdown_lines(review))
    if len(text) <= _COMMENT_LIMIT:
        return text
    cut = text[:_COMMENT_LIMIT].rpartition("\n")[0]
    fence = "\n```" if cut.count("\n```") % 2 else ""
    return f"{cut}{fence}\n</details>\n\n_cut: the plan is longer than a comment may be_"


def _markdown_lines(review: Review) -> Iterator[str]:
    record = review.record
    yield f"### Terraform plan: `{record.repository}` in **{record.environment}**"
    yield ""
    yield f"**{summary(review.counts)}**"
    lost = [change for change in review.changes if change.loses]
    if lost:
        yield ""
        yield "> [!CAUTION]"
        yield "> **Data is lost.** These hold what cannot be made again:"
        yield from (f"> - {c.action.value} `{c.address}`" for c in lost)
    if review.changes:
        yield ""
        yield "<details><summary>Changes</summary>"
        yield ""
        yield "```diff"
        for action in Action:
            for change in (entry for entry in review.changes if entry.action is action):
                yield from map(_unfenced, _change_lines(change))
        yield "```"
        yield "</details>"
    yield from _markdown_findings(review)
    yield ""
    yield f"{_cost_line(review.cost)}. {_closing(review)}."
    yield from (f"\n_{note}_" for note in review.notes)


def _markdown_findings(review: Review) -> Iterator[str]:
    yield ""
    if not review.all_findings:
        yield "Policy: nothing found."
    else:
        yield "| severity | rule | resource | finding |"
        yield "|---|---|---|---|"
        for finding in review.all_findings:
            cells = (finding.severity.name.lower(), finding.rule, finding.address, finding.message)
            yield f"| {' | '.join(map(_cell, cells))} |"
    for scan in review.scans:
        if scan.problem:
            yield f"\n_{scan.name}: {_cell(scan.problem)}_"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _unfenced(line: str) -> str:
    """A line that cannot close the block it stands in, whatever a value contains."""
    return line.replace("```", "``​`")
