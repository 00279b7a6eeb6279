"""Make a plan, read it, judge it, seal it and register the seal.

1. What an earlier, killed apply left is told. The older plan of this folder goes.
2. Terraform plans into a private file while the scanners and git work beside it.
3. The plan is read back as JSON: changes, policy, cost, artifacts.
4. The record binds it to all it was made from, and the seal is registered in the state bucket.
Nothing but the lock, the plan file and that registration is ever written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from common.errors import RefusedError, UsageProblemError
from common.output import note
from infra import journal
from infra.artifacts import digests, named_in, relative
from infra.changes import changed_outputs, count, losses, read_changes
from infra.cost import cost_change
from infra.guard import is_guarded
from infra.plan_run import run_plan
from infra.planfile import planned_against
from infra.policy import Expected, house_findings
from infra.record import PlanRecord, save
from infra.review import Review
from infra.scanners import scan
from infra.source import Base, Source, base_of, file_sha256, read_source, uncommitted

if TYPE_CHECKING:
    from infra.changes import Change
    from infra.site import Site

DEFAULT_AGE = timedelta(hours=24)
_NAMED = 5


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a plan is asked to do."""

    artifacts: tuple[Path, ...] = ()
    max_age: timedelta = DEFAULT_AGE
    destroys_all: bool = False
    send: bool = False
    register: bool = True
    lock_wait: int = 0


def make_plan(site: Site, options: PlanOptions) -> Review:
    """Plan, review and seal; the plan and its record are in the folder afterwards.

    Raises:
        FailedError: Terraform could not plan.
        RefusedError: The state is locked, or the files changed while Terraform read them.
    """
    notes = tell_leftover(site)
    site.folder.forget_plan()
    given = relative(options.artifacts, site.folder.path)
    source = read_source(site.folder)
    with ThreadPoolExecutor(max_workers=2) as beside:
        comparing = beside.submit(base_of, site.folder, source.commit)
        scanning = beside.submit(scan, site.folder.path)
        shown = _plan(site, options)
        base, tip = comparing.result()
        scans = scanning.result()
    if read_source(site.folder) != source:
        site.folder.forget_plan()
        raise RefusedError("the files changed while Terraform was planning", hint="plan again")
    changes = read_changes(shown)
    record = _Made(site, options, source, base, tip, shown, given).record(changes)
    if not options.register:
        site.folder.forget_plan()
        applicable = False
    else:
        save(site.folder, record)
        applicable = _register(site, record, send=options.send)
    expected = Expected(site.environment.account, site.environment.region)
    return Review(
        record=record,
        changes=changes,
        findings=house_findings(shown, expected),
        scans=scans,
        cost=cost_change(shown),
        notes=(*notes, *_base_note(base), *_dirt_note(site, source)),
        applicable=applicable,
    )


def tell_leftover(site: Site) -> tuple[str, ...]:
    """Explain an apply that was killed here.

    Raises:
        RefusedError: Its Terraform is still at work.
    """
    left = journal.leftover(site)
    if left is None:
        return ()
    lines = left.lines(site.command)
    if left.running:
        raise RefusedError(lines[0], hint="wait until it has ended; it releases the lock itself")
    for line in lines:
        note(f"note: {line}")
    journal.clear(site.folder)
    return tuple(lines)


def variable_words(site: Site) -> list[str]:
    """The environment's variables file for Terraform.

    Raises:
        UsageProblemError: Other environments have one and this one has not.
    """
    file = site.folder.variables_file
    if file.is_file():
        return [f"-var-file={file}"]
    if any(file.parent.glob("*.tfvars")):
        raise UsageProblemError(
            f"there are no variables for {site.environment.name}: {str(file)!r} is missing",
            hint=f"write it; {file.parent.name}/ holds those of other environments",
        )
    return []


def _plan(site: Site, options: PlanOptions) -> dict[str, Any]:
    words = [f"-lock-timeout={options.lock_wait}s", *variable_words(site)]
    if options.destroys_all:
        words.append("-destroy")
    try:
        return run_plan(site, words, out=site.folder.plan_file, doing="terraform plan")
    except BaseException:
        site.folder.forget_plan()
        raise


@dataclass(frozen=True, slots=True)
class _Made:
    """A finished plan and what it was made from."""

    site: Site
    options: PlanOptions
    source: Source
    base: Base
    tip: str | None
    shown: Mapping[str, Any]
    given: set[str]

    def record(self, changes: tuple[Change, ...]) -> PlanRecord:
        site, source = self.site, self.source
        state = planned_against(site.folder.plan_file)
        now: datetime = site.now()
        names = self.given | named_in(self.shown)
        return PlanRecord(
            environment=site.environment.name,
            account=site.environment.account,
            region=site.environment.region,
            repository=site.repository,
            workspace=site.workspace,
            destroys_all=self.options.destroys_all,
            commit=source.commit,
            dirty=source.dirty,
            base=self.base.value,
            base_tip=self.tip,
            configuration=source.configuration,
            variables=source.variables,
            provider_lock=source.provider_lock,
            artifacts=digests(names, site.folder.path, site.session),
            lineage=state.lineage,
            serial=state.serial,
            plan=file_sha256(site.folder.plan_file) or "",
            terraform=site.version,
            created=now.isoformat(timespec="seconds"),
            expires=(now + self.options.max_age).isoformat(timespec="seconds"),
            by=site.validated.arn,
            counts=count(changes, changed_outputs(self.shown)),
            losses=losses(changes),
            nonce=uuid4().hex,
        )


def _register(site: Site, record: PlanRecord, *, send: bool) -> bool:
    vault = site.vault()
    if not vault.register(record.to_json()):
        note("the seal could not be registered (read-only role): this plan is for review only")
        return False
    if send:
        where = vault.send(record.seal, site.folder.plan_file.read_bytes())
        note(f"the plan is in {where}, encrypted, until it is applied or replaced")
    return True


def _base_note(base: Base) -> tuple[str, ...]:
    texts = {
        Base.BEHIND: "the commit is behind the remote's default branch: newer work is not in it",
        Base.DIVERGED: "the commit has diverged from the remote's default branch",
    }
    return (texts[base],) if base in texts else ()


def _dirt_note(site: Site, source: Source) -> tuple[str, ...]:
    """What is not committed, and that it matters here."""
    if not source.dirty:
        return ()
    names = uncommitted(site.folder)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    text = f"not committed: {', '.join(names[:_NAMED])}{more}"
    if is_guarded(site.environment):
        text += f"; {site.environment.name} takes no plan made from such files"
    return (text,)
