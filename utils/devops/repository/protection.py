"""What main demands: a ruleset, or classic protection where there are no rulesets.

Neither is rebuilt from nothing. What is there is read, merged with what has to be (somebody's
stricter rule stays), shown as a difference, written whole, and read back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from repository.changes import Change, Verb, differences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.github_errors import Record
    from repository.model import Ruleset, Slug
    from repository.policy import Policy

ACTIVE, DISABLED = "active", "disabled"


@dataclass(frozen=True, slots=True)
class Demands:
    """What a branch has to demand of a change."""

    branch: str
    checks: tuple[str, ...]
    approvals: int = 1
    signatures: bool = False


def demands_of(policy: Policy, branch: str, checks: tuple[str, ...], *, signed: bool) -> Demands:
    """The policy's demands, with the checks that this repository has."""
    return Demands(branch, checks, policy.approvals, signed)


# --- ruleset ------------------------------------------------------------------------------------


def wanted_rules(demands: Demands) -> dict[str, dict[str, Any]]:
    """Parameters by type of rule."""
    rules: dict[str, dict[str, Any]] = {
        "deletion": {},
        "non_fast_forward": {},
        "required_linear_history": {},
        "pull_request": {
            "allowed_merge_methods": ["squash"],
            "dismiss_stale_reviews_on_push": True,
            "require_code_owner_review": True,
            "require_last_push_approval": True,
            "required_approving_review_count": demands.approvals,
            "required_review_thread_resolution": True,
        },
    }
    if demands.checks:
        rules["required_status_checks"] = {
            "required_status_checks": [{"context": name} for name in demands.checks],
            "strict_required_status_checks_policy": True,
        }
    if demands.signatures:
        rules["required_signatures"] = {}
    return rules


def plan_ruleset(
    slug: Slug, name: str, demands: Demands, now: Ruleset | None, enforcement: str = ACTIVE
) -> list[Change]:
    """The change that makes the ruleset demand what it has to, if it does not."""
    path = f"{slug.path}/rulesets"
    wanted = wanted_rules(demands)
    protects = demands.branch
    if now is None:
        body = ruleset_body(name, demands, wanted, enforcement)
        details = (f"enforcement: {enforcement}", *(f"+ {_line(*rule)}" for rule in wanted.items()))
        what = f"ruleset {name}"
        return [Change(Verb.CREATE, what, "POST", path, body, details=details, protects=protects)]
    missing = missing_rules(demands, now)
    pairs = differences(
        {
            "enforcement": (now.enforcement, enforcement),
            "branch": (now.include, (f"refs/heads/{demands.branch}",)),
            "bypass": (now.bypass or (), ()),
        }
    )
    if not missing and not pairs:
        return []
    body = ruleset_body(name, demands, _merged(now.rules, wanted), enforcement)
    details = (*pairs, *(f"+ {line}" for line in missing))
    what = f"ruleset {name}"
    at = f"{path}/{now.id}"
    return [Change(Verb.UPDATE, what, "PUT", at, body, details=details, protects=protects)]


def ruleset_body(
    name: str, demands: Demands, rules: Mapping[str, Mapping[str, Any]], enforcement: str
) -> dict[str, Any]:
    """A ruleset as GitHub takes it, whole."""
    entries = [
        {"type": kind, "parameters": dict(facts)} if facts else {"type": kind}
        for kind, facts in rules.items()
    ]
    return {
        "name": name,
        "target": "branch",
        "enforcement": enforcement,
        "bypass_actors": [],
        "conditions": {"ref_name": {"include": [f"refs/heads/{demands.branch}"], "exclude": []}},
        "rules": entries,
    }


def _merged(
    now: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Both together: what is wanted wins, the other rules and parameters stay."""
    merged = {kind: dict(facts) for kind, facts in now.items()}
    for kind, facts in wanted.items():
        merged[kind] = {**merged.get(kind, {}), **facts}
    return merged


def missing_rules(demands: Demands, now: Ruleset) -> list[str]:
    """The rules a ruleset lacks or has weaker, in words."""
    missing = []
    for kind, facts in wanted_rules(demands).items():
        if kind not in now.rules:
            missing.append(_line(kind, facts))
            continue
        held = now.rules[kind]
        wrong = {k: v for k, v in facts.items() if not _at_least(held.get(k), v)}
        if wrong:
            missing.append(_line(kind, wrong))
    return missing


def _at_least(held: Any, wanted: Any) -> bool:
    """Whether what a rule demands is as much as wanted: more approvals are not a difference."""
    if isinstance(wanted, bool) or not isinstance(wanted, int):
        if isinstance(wanted, list) and isinstance(held, list):
            return _contexts(held) == _contexts(wanted)
        return bool(held == wanted)
    return isinstance(held, int) and held >= wanted


def _contexts(entries: list[Any]) -> set[str]:
    return {
        str(entry.get("context")) if isinstance(entry, dict) else str(entry) for entry in entries
    }


_WORDS = {"deletion": "no deletion", "non_fast_forward": "no force push"}


def _line(kind: str, facts: Mapping[str, Any]) -> str:
    if not facts:
        return _WORDS.get(kind) or kind.replace("_", " ")
    parts = []
    for key, value in facts.items():
        word = sorted(_contexts(value)) if isinstance(value, list) else value
        parts.append(f"{key.replace('_', ' ')} = {word}")
    return f"{kind.replace('_', ' ')}: {'; '.join(parts)}"


# --- classic protection -------------------------------------------------------------------------


def plan_classic(slug: Slug, demands: Demands, now: Record | None) -> list[Change]:
    """The same demands as classic branch protection, merged with what is set."""
    wanted = _classic_wanted(demands)
    held = classic_as_sent(now)
    pairs = {key: (_plain(held.get(key)), _plain(value)) for key, value in wanted.items()}
    changed = differences(pairs)
    path = f"{slug.path}/branches/{demands.branch}/protection"
    changes = []
    if changed or now is None:
        body = {**held, **wanted}
        what = f"branch protection of {demands.branch}"
        verb = Verb.UPDATE if now is not None else Verb.CREATE
        kept = {"details": changed, "protects": demands.branch}
        changes.append(Change(verb, what, "PUT", path, body, **kept))  # type: ignore[arg-type]
    if demands.signatures and not _enabled(now, "required_signatures"):
        what = f"signed commits on {demands.branch}"
        changes.append(Change(Verb.UPDATE, what, "POST", f"{path}/required_signatures"))
    return changes


def _classic_wanted(demands: Demands) -> dict[str, Any]:
    checks = None
    if demands.checks:
        checks = {"strict": True, "contexts": list(demands.checks)}
    return {
        "required_status_checks": checks,
        "enforce_admins": True,
        "required_pull_request_reviews": {
            "dismiss_stale_reviews": True,
            "require_code_owner_reviews": True,
            "require_last_push_approval": True,
            "required_approving_review_count": demands.approvals,
        },
        "required_linear_history": True,
        "allow_force_pushes": False,
        "allow_deletions": False,
        "required_conversation_resolution": True,
    }


_SWITCHES = (
    "required_linear_history",
    "allow_force_pushes",
    "allow_deletions",
    "block_creations",
    "required_conversation_resolution",
    "lock_branch",
    "allow_fork_syncing",
)
_REVIEWS = (
    "dismiss_stale_reviews",
    "require_code_owner_reviews",
    "require_last_push_approval",
    "required_approving_review_count",
)


def classic_as_sent(now: Record | None) -> dict[str, Any]:
    """What is set, in the form PUT takes: the four keys it insists on, null for "off".

    GET answers in another form than PUT takes, and PUT turns off whatever is left out.
    """
    held: dict[str, Any] = now if now is not None else {}
    checks = held.get("required_status_checks")
    reviews = held.get("required_pull_request_reviews")
    body: dict[str, Any] = {
        "required_status_checks": checks
        and {"strict": bool(checks.get("strict")), "contexts": list(checks.get("contexts") or [])},
        "enforce_admins": _enabled(now, "enforce_admins"),
        "required_pull_request_reviews": reviews
        and {key: reviews[key] for key in _REVIEWS if key in reviews},
        "restrictions": _restrictions(held.get("restrictions")),
    }
    return {**body, **{key: _enabled(now, key) for key in _SWITCHES if key in held}}


def _restrictions(held: Mapping[str, Any] | None) -> dict[str, list[str]] | None:
    if not held:
        return None
    keys = {"users": "login", "teams": "slug", "apps": "slug"}
    return {kind: [entry[key] for entry in held.get(kind) or []] for kind, key in keys.items()}


def _enabled(now: Record | None, key: str) -> bool:
    held = now.get(key) if now is not None else None
    return bool(held.get("enabled")) if isinstance(held, dict) else bool(held)


def _plain(value: Any) -> object:
    if isinstance(value, dict):
        return tuple(f"{key} = {_plain(entry)}" for key, entry in sorted(value.items()))
    return tuple(sorted(map(str, value))) if isinstance(value, list) else value


def classic_missing(demands: Demands, now: Record | None) -> list[str]:
    """What classic protection lacks, in words."""
    held = classic_as_sent(now)
    wanted = _classic_wanted(demands)
    pairs = {key: (_plain(held.get(key)), _plain(value)) for key, value in wanted.items()}
    return list(differences(pairs))
