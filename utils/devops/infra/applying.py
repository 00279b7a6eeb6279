"""Apply the saved plan: only that one, only while its seal holds, only once.

The order is the safety: read everything, refuse or go on; look for a lock; take the seal's one use;
note that an apply runs; let Terraform work; then the plan is gone, whatever came of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.audit import record as audit
from common.errors import FailedError, RefusedError
from common.output import note
from infra import journal
from infra.artifacts import digests
from infra.failures import failure
from infra.folder import write_private
from infra.guard import Now, Permission, broken, forbidden, too_old
from infra.locks import explain
from infra.planfile import StateMark, mark_of
from infra.planning import tell_leftover
from infra.record import Counts, PlanRecord, from_json, load
from infra.source import base_of, file_sha256, read_source
from infra.supervised import supervise

if TYPE_CHECKING:
    from infra.site import Site
    from infra.supervised import Ended
    from infra.vault import Vault


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did, or, with `dry_run`, would do."""

    record: PlanRecord
    finished: int
    dry_run: bool = False

    @property
    def counts(self) -> Counts:
        return self.record.counts


def apply_plan(
    site: Site, permission: Permission, *, dry_run: bool = False, fetch: bool = False
) -> Applied:
    """Apply the plan of this folder, or with `fetch` the one handed over through the state bucket.

    Raises:
        RefusedError: There is none, its seal is broken or used, the environment's rules forbid it,
            or the state is locked. Nothing was changed.
        FailedError: Terraform failed; what it had done by then is in the state.
    """
    tell_leftover(site)
    vault = site.vault()
    registered = vault.registered()
    if fetch:
        _fetch(site, vault, registered)
    record = load(site.folder)
    if record is None:
        raise RefusedError(
            f"there is no saved plan for {site.environment.name}",
            hint=f"terraform_cli.py plan {site.command}",
        )
    _check(site, record, permission, registered, vault)
    if dry_run:
        return Applied(record, finished=0, dry_run=True)
    return _apply(site, record, permission, vault)


def _fetch(site: Site, vault: Vault, registered: Mapping[str, Any] | None) -> None:
    """Bring the plan that was handed over into this folder."""
    content = vault.fetch(str(registered["seal"])) if registered else None
    if registered is None or content is None:
        raise RefusedError(
            "no plan waits in the state bucket", hint="plan with --send, then apply with --fetch"
        )
    from_json(registered)
    write_private(site.folder.plan_file, content)
    write_private(site.folder.record_file, json.dumps(registered).encode())


def _check(
    site: Site,
    record: PlanRecord,
    permission: Permission,
    registered: Mapping[str, Any] | None,
    vault: Vault,
) -> None:
    now = _read_now(site, record, registered, vault)
    reasons = broken(record, now)
    if old := too_old(record, permission, now.time):
        reasons.append(old)
    if reasons:
        _refuse(site, record, "the plan is not what would be applied", reasons, "plan again")
    reasons = forbidden(record, site.environment, permission, now.base)
    if reasons:
        _refuse(site, record, f"{site.environment.name} refuses this plan", reasons, None)
    held = site.locks().held()
    if held:
        message, hint = explain(held, f"terraform_cli.py unlock {site.command}", now.time)
        raise RefusedError(message, hint=hint)


def _refuse(
    site: Site, record: PlanRecord, what: str, reasons: list[str], hint: str | None
) -> None:
    listed = "; ".join(reasons)
    audit(
        "terraform-apply",
        "refused",
        environment=site.environment.name,
        repository=site.repository,
        seal=record.seal,
        reasons=listed,
    )
    raise RefusedError(f"{what}: {listed}", hint=hint)


def _read_now(
    site: Site, record: PlanRecord, registered: Mapping[str, Any] | None, vault: Vault
) -> Now:
    source = read_source(site.folder)
    base, _tip = base_of(site.folder, source.commit)
    state = vault.state()
    names = [name for name, _ in record.artifacts]
    return Now(
        environment=site.environment,
        repository=site.repository,
        workspace=site.workspace,
        source=source,
        base=base,
        state=mark_of(state) if state is not None else StateMark("", 0),
        artifacts=digests(names, site.folder.path, site.session),
        plan=file_sha256(site.folder.plan_file),
        terraform=site.version,
        registered=registered,
        time=site.now(),
    )


def _apply(site: Site, record: PlanRecord, permission: Permission, vault: Vault) -> Applied:
    claim = {**journal.claim_facts(site), "seal": record.seal, "approval": permission.approval}
    journal.write(site.folder, claim)
    try:
        vault.claim(record.seal, claim)
        _audit(site, record, permission, "started")
    except BaseException:
        journal.clear(site.folder)
        raise
    ended = None
    try:
        ended = supervise(
            site.terraform,
            ["apply", "-json", "-input=false", "-auto-approve", str(site.folder.plan_file)],
            site.folder.apply_log,
            started=lambda pid: journal.write(site.folder, {**claim, "terraform": pid}),
        )
    finally:
        _end(site, record, permission, vault, claim, ended)
    if ended.interrupted:
        note("interrupted: what was done is in the state; plan again to see what is left")
        raise KeyboardInterrupt
    if ended.code != 0:
        raise _failed(site, ended)
    return Applied(record, finished=len(ended.messages.finished))


def _end(
    site: Site,
    record: PlanRecord,
    permission: Permission,
    vault: Vault,
    claim: dict[str, Any],
    ended: Ended | None,
) -> None:
    """The plan goes, whatever came of it, and it is written down what did."""
    site.folder.forget_plan()
    outcome = "unknown"
    if ended is not None:
        outcome = "succeeded" if ended.code == 0 else "failed"
        journal.clear(site.folder)
    _audit(site, record, permission, outcome)
    vault.drop(record.seal)
    vault.note_end(record.seal, {**claim, "outcome": outcome})


def _audit(site: Site, record: PlanRecord, permission: Permission, outcome: str) -> None:
    audit(
        "terraform-apply",
        outcome,
        environment=site.environment.name,
        repository=site.repository,
        seal=record.seal,
        commit=record.commit,
        approval=permission.approval,
        arn=site.validated.arn,
    )


def _failed(site: Site, ended: Ended) -> Exception:
    error = failure(site, ended.messages, "terraform apply")
    if not isinstance(error, FailedError) or not ended.messages.finished:
        return error
    done = ", ".join(ended.messages.finished)
    return FailedError(
        error.message,
        hint=f"done before it failed, and in the state: {done}; correct it and plan again",
    )
