"""Look at the state, or move, remove and import single resources; a copy of the old is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.audit import record as audit
from common.errors import FailedError, RefusedError, UnavailableError, UsageProblemError
from infra.answers import Messages, parse_json
from infra.changes import MASKED
from infra.failures import failure
from infra.folder import write_private
from infra.guard import is_production
from infra.initialising import error_text, plain
from infra.journal import addresses
from infra.planning import variable_words
from infra.supervised import supervise

if TYPE_CHECKING:
    from common.process import Completed
    from infra.site import Site


class Verb(Enum):
    """What can be done with a state."""

    LIST = "list"
    SHOW = "show"
    MOVE = "mv"
    REMOVE = "rm"
    IMPORT = "import"
    PULL = "pull"

    @property
    def writes(self) -> bool:
        return self in {Verb.MOVE, Verb.REMOVE, Verb.IMPORT}


@dataclass(frozen=True, slots=True)
class StateOptions:
    """The action and what it is about."""

    verb: Verb
    addresses: tuple[str, ...] = ()
    to: str | None = None
    id: str | None = None
    out: Path | None = None
    approval: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class StateAnswer:
    """The result for programs and for people."""

    document: Any
    text: str


def check(options: StateOptions) -> None:
    """Refuse words that do not go together.

    Raises:
        UsageProblemError: Something is missing or too much.
    """
    needs_one = options.verb in {Verb.SHOW, Verb.MOVE, Verb.IMPORT}
    if needs_one and len(options.addresses) != 1:
        raise UsageProblemError(
            f"--action {options.verb.value} needs exactly one --address",
            hint="--action list shows them",
        )
    if options.verb is Verb.REMOVE and not options.addresses:
        raise UsageProblemError("--action rm needs --address", hint="--action list shows them")
    if (options.verb is Verb.MOVE) != (options.to is not None):
        raise UsageProblemError("--to goes with --action mv, and mv needs it")
    if (options.verb is Verb.IMPORT) != (options.id is not None):
        raise UsageProblemError("--id goes with --action import, and import needs it")
    if any(address.startswith("-") for address in (*options.addresses, options.to or "")):
        raise UsageProblemError("an address does not start with '-'")
    if options.id is not None and options.id.startswith("-"):
        raise UsageProblemError("an ID that starts with '-' cannot be given to Terraform")


def run_state(
    site: Site, options: StateOptions, confirm: Callable[[str], bool] = lambda _text: True
) -> StateAnswer:
    """Do it. What writes asks first, keeps a copy of the state, and needs an approval in PROD.

    Raises:
        RefusedError: Not confirmed, not approved, or the state is locked.
        FailedError: Terraform could not do it.
    """
    if options.verb.writes:
        return _write(site, options, confirm)
    readers = {Verb.LIST: _list, Verb.SHOW: _show, Verb.PULL: _pull}
    return readers[options.verb](site, options)


def _state(site: Site) -> dict[str, Any]:
    """The whole state, as Terraform itself reads it."""
    answer = site.terraform.call("state", "pull")
    if not answer.ok:
        raise _error(site, answer, "reading the state")
    return dict(parse_json(answer.stdout, "terraform state pull")) if answer.stdout.strip() else {}


def _error(site: Site, answer: Completed, doing: str) -> Exception:
    text = error_text(answer)
    return failure(site, Messages(other=[text]), doing)


def _list(site: Site, _options: StateOptions) -> StateAnswer:
    found = sorted(addresses(_state(site)))
    return StateAnswer({"resources": found}, "\n".join(found) or "the state holds no resources")


def _show(site: Site, options: StateOptions) -> StateAnswer:
    address = options.addresses[0]
    answer = site.terraform.call("state", "show", "-no-color", address)
    if not answer.ok:
        raise FailedError(f"{address!r} is not in the state", hint="--action list shows what is")
    return StateAnswer({"address": address, "text": answer.stdout}, answer.stdout.rstrip())


def _pull(site: Site, options: StateOptions) -> StateAnswer:
    """The state, sensitive values masked; whole only into a private file."""
    import json

    state = _state(site)
    if options.out is not None:
        write_private(options.out, json.dumps(state, indent=2).encode())
        text = f"the whole state, secrets included, is in {options.out}"
        return StateAnswer({"file": str(options.out), "serial": state.get("serial")}, text)
    shown = masked_state(state)
    return StateAnswer(shown, json.dumps(shown, indent=2, ensure_ascii=False))


def masked_state(state: dict[str, Any]) -> dict[str, Any]:
    """The state without what Terraform knows to be sensitive."""
    import copy

    shown = copy.deepcopy(state)
    for output in (shown.get("outputs") or {}).values():
        if output.get("sensitive"):
            output["value"] = MASKED
    for resource in shown.get("resources") or ():
        for instance in resource.get("instances") or ():
            for path in instance.get("sensitive_attributes") or ():
                _blank(instance.get("attributes"), path)
            instance.pop("private", None)
    return shown


def _blank(value: Any, path: list[dict[str, Any]]) -> None:
    *head, last = [_step(step) for step in path]
    for step in head:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return
    if (isinstance(value, dict) and last in value) or (
        isinstance(value, list) and isinstance(last, int) and last < len(value)
    ):
        value[last] = MASKED


def _step(step: dict[str, Any]) -> Any:
    value = step.get("value")
    return value.get("value") if isinstance(value, dict) else value


def _words(site: Site, options: StateOptions) -> list[str]:
    if options.verb is Verb.MOVE:
        return ["state", "mv", options.addresses[0], str(options.to)]
    if options.verb is Verb.REMOVE:
        return ["state", "rm", *options.addresses]
    return [
        "import",
        "-input=false",
        "-no-color",
        *variable_words(site),
        options.addresses[0],
        str(options.id),
    ]


def _describe(options: StateOptions) -> str:
    listed = ", ".join(options.addresses)
    if options.verb is Verb.MOVE:
        return f"move {listed} to {options.to} in the state"
    if options.verb is Verb.REMOVE:
        return f"remove {listed} from the state: it stays in AWS, but nothing manages it any more"
    return f"import {options.id} as {listed}"


def _write(site: Site, options: StateOptions, confirm: Callable[[str], bool]) -> StateAnswer:
    what = _describe(options)
    if is_production(site.environment) and not options.approval:
        raise RefusedError(
            f"changing the state of {site.environment.name} needs an approval reference",
            hint="--approval REFERENCE",
        )
    if options.dry_run:
        _require_known(site, options)
        return StateAnswer({"would": what}, f"would {what}")
    if not confirm(what):
        raise RefusedError(f"not confirmed: {what}")
    copy = _keep_copy(site)
    _audit(site, options, "started")
    ended = supervise(
        site.terraform, _words(site, options), site.folder.private / "state.log", show=_silent
    )
    _audit(site, options, "succeeded" if ended.code == 0 else "failed")
    if ended.code != 0:
        raise failure(site, Messages(other=[plain("\n".join(ended.messages.other))]), what)
    site.folder.forget_plan()
    text = f"done: {what}\nthe state as it was: {copy or 'there was none'}"
    return StateAnswer({"done": what, "copy": copy}, text)


def _silent(_text: str) -> None:
    """Terraform's own words for these actions say less than ours."""


def _require_known(site: Site, options: StateOptions) -> None:
    known = addresses(_state(site))
    missing = [a for a in options.addresses if options.verb is not Verb.IMPORT and a not in known]
    if missing:
        raise FailedError(
            f"not in the state: {', '.join(missing)}", hint="--action list shows what is"
        )


def _keep_copy(site: Site) -> str | None:
    content = site.vault().raw_state()
    if content is None:
        return None
    path = site.folder.private / f"state-{site.now():%Y%m%dT%H%M%SZ}.json"
    write_private(path, content)
    return str(path)


def _audit(site: Site, options: StateOptions, outcome: str) -> None:
    audit(
        f"terraform-state-{options.verb.value}",
        outcome,
        environment=site.environment.name,
        repository=site.repository,
        addresses=" ".join(options.addresses),
        approval=options.approval,
    )


def outputs(site: Site) -> dict[str, Any]:
    """The outputs of the last apply; sensitive ones masked.

    Raises:
        UnavailableError: The state cannot be read.
    """
    answer = site.terraform.call("output", "-json", "-no-color")
    if not answer.ok:
        raise UnavailableError(f"terraform output: {error_text(answer)}")
    document = parse_json(answer.stdout, "terraform output") if answer.stdout.strip() else {}
    return {
        name: MASKED if entry.get("sensitive") else entry.get("value")
        for name, entry in document.items()
    }
