"""Rulesets, classic branch protection and webhooks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from sandbox.github import gits, replies
from sandbox.github.replies import body, not_found, refuse, repository, require_admin, store
from sandbox.github.store import Data, now
from sandbox.github.views import node_id

pages = Blueprint("rules", __name__)

_UPGRADE = "Upgrade to GitHub Pro or make this repository public to enable this feature."
_HIDDEN = "*" * 8
_NEEDED = (
    "required_status_checks",
    "enforce_admins",
    "required_pull_request_reviews",
    "restrictions",
)
_SWITCHES = (
    "required_linear_history",
    "allow_force_pushes",
    "allow_deletions",
    "block_creations",
    "required_conversation_resolution",
    "lock_branch",
    "allow_fork_syncing",
)


def _open(owner: str, repo: str, *, rulesets: bool = False) -> Data:
    found = repository(owner, repo)
    require_admin(found)
    if rulesets and store().settings.get("rulesets") is False:
        not_found()
    if store().plan_of(found) == "free":
        refuse(403, _UPGRADE)
    return found


# --- rulesets -----------------------------------------------------------------------------------


@pages.get("/repos/<owner>/<repo>/rulesets")
def rulesets(owner: str, repo: str) -> Any:
    found = _open(owner, repo, rulesets=True)
    views = [{**ruleset_view(found, r), "rules": []} for r in found["rulesets"].values()]
    for view in views:
        del view["rules"], view["conditions"], view["bypass_actors"]
    return replies.listed(views)


@pages.get("/repos/<owner>/<repo>/rulesets/<number>")
def ruleset(owner: str, repo: str, number: str) -> Data:
    found = _open(owner, repo, rulesets=True)
    wanted = found["rulesets"].get(number)
    return ruleset_view(found, wanted) if wanted else not_found()


@pages.post("/repos/<owner>/<repo>/rulesets")
def create_ruleset(owner: str, repo: str) -> Any:
    found = _open(owner, repo, rulesets=True)
    sent = body("name", "enforcement")
    if any(known["name"] == sent["name"] for known in found["rulesets"].values()):
        refuse(422, "Validation Failed", [{"message": "Name must be unique"}])
    number = store().new_id()
    kept = {"id": number, "created_at": now(), **_ruleset(sent)}
    found["rulesets"][str(number)] = kept
    gits.apply_rules(store(), found)
    return ruleset_view(found, kept), 201


@pages.put("/repos/<owner>/<repo>/rulesets/<number>")
def change_ruleset(owner: str, repo: str, number: str) -> Data:
    found = _open(owner, repo, rulesets=True)
    known = found["rulesets"].get(number)
    if known is None:
        not_found()
    known |= _ruleset({**known, **body()})
    gits.apply_rules(store(), found)
    return ruleset_view(found, known)


@pages.delete("/repos/<owner>/<repo>/rulesets/<number>")
def delete_ruleset(owner: str, repo: str, number: str) -> Any:
    found = _open(owner, repo, rulesets=True)
    if found["rulesets"].pop(number, None) is None:
        not_found()
    gits.apply_rules(store(), found)
    return "", 204


def _ruleset(sent: Data) -> Data:
    if sent["enforcement"] not in {"active", "disabled", "evaluate"}:
        refuse(422, "Validation Failed")
    return {
        "name": sent["name"],
        "target": sent.get("target", "branch"),
        "enforcement": sent["enforcement"],
        "conditions": sent.get("conditions") or {},
        "rules": sent.get("rules") or [],
        "bypass_actors": sent.get("bypass_actors") or [],
        "updated_at": now(),
    }


def ruleset_view(repo: Data, kept: Data) -> Data:
    source = f"{repo['owner']}/{repo['name']}"
    link = {"href": f"{store().base_url}/repos/{source}/rulesets/{kept['id']}"}
    return {
        **kept,
        "node_id": node_id(kept["id"]),
        "source_type": "Repository",
        "source": source,
        "current_user_can_bypass": "never",
        "_links": {"self": link, "html": link},
    }


# --- classic protection -------------------------------------------------------------------------

_PROTECTION = "/repos/<owner>/<repo>/branches/<branch>/protection"


@pages.get(_PROTECTION)
def protection(owner: str, repo: str, branch: str) -> Data:
    found = _open(owner, repo)
    kept = found["protection"].get(branch)
    return protection_view(found, branch, kept) if kept else refuse(404, "Branch not protected")


@pages.put(_PROTECTION)
def protect(owner: str, repo: str, branch: str) -> Data:
    found = _open(owner, repo)
    if branch not in gits.branches(store().git_folder(found)):
        refuse(404, "Branch not found")
    found["protection"][branch] = {
        **dict.fromkeys(_SWITCHES, False),
        "required_signatures": found["protection"]
        .get(branch, {})
        .get("required_signatures", False),
        **body(*_NEEDED),
    }
    gits.apply_rules(store(), found)
    return protection_view(found, branch, found["protection"][branch])


@pages.delete(_PROTECTION)
def unprotect(owner: str, repo: str, branch: str) -> Any:
    found = _open(owner, repo)
    if found["protection"].pop(branch, None) is None:
        refuse(404, "Branch not protected")
    return "", 204


@pages.post(f"{_PROTECTION}/required_signatures")
def require_signatures(owner: str, repo: str, branch: str) -> Data:
    found = _open(owner, repo)
    kept = found["protection"].get(branch) or refuse(404, "Branch not protected")
    kept["required_signatures"] = True
    url = f"{_url(found, branch)}/required_signatures"
    return {"url": url, "enabled": True}


def _url(repo: Data, branch: str) -> str:
    base = f"{store().base_url}/repos/{repo['owner']}/{repo['name']}"
    return f"{base}/branches/{branch}/protection"


def protection_view(repo: Data, branch: str, kept: Data) -> Data:
    """What GET answers: not the shape that PUT takes, as on GitHub."""
    url = _url(repo, branch)
    view: Data = {key: {"enabled": bool(kept[key])} for key in _SWITCHES}
    view["url"] = url
    view["enforce_admins"] = {
        "url": f"{url}/enforce_admins",
        "enabled": bool(kept["enforce_admins"]),
    }
    view["required_signatures"] = {
        "url": f"{url}/required_signatures",
        "enabled": kept["required_signatures"],
    }
    reviews, checks = kept["required_pull_request_reviews"], kept["required_status_checks"]
    if reviews is not None:
        defaults = {"dismiss_stale_reviews": False, "require_code_owner_reviews": False}
        extra = {"require_last_push_approval": False, "required_approving_review_count": 1}
        sent = {k: v for k, v in reviews.items() if not isinstance(v, dict)}
        at = {"url": f"{url}/required_pull_request_reviews"}
        view["required_pull_request_reviews"] = {**at, **defaults, **extra, **sent}
    if checks is not None:
        names = [check["context"] for check in checks.get("checks", [])] or checks["contexts"]
        view["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "contexts_url": f"{url}/required_status_checks/contexts",
            "strict": checks["strict"],
            "contexts": names,
            "checks": [{"context": name, "app_id": None} for name in names],
        }
    return view


# --- webhooks -----------------------------------------------------------------------------------


@pages.get("/repos/<owner>/<repo>/hooks")
def hooks(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    require_admin(found)
    return replies.listed([hook_view(found, hook) for hook in found["hooks"].values()])


@pages.post("/repos/<owner>/<repo>/hooks")
def create_hook(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    require_admin(found)
    sent = body()
    replies.permit(sent, {"name", "config", "events", "active"})
    if any(h["config"]["url"] == sent["config"]["url"] for h in found["hooks"].values()):
        refuse(422, "Validation Failed", [{"message": "Hook already exists on this repository"}])
    number = store().new_id()
    hook = {"id": number, "config": sent["config"], "events": sent.get("events", ["push"])}
    found["hooks"][str(number)] = {**hook, "active": sent.get("active", True), "created_at": now()}
    return hook_view(found, found["hooks"][str(number)]), 201


@pages.patch("/repos/<owner>/<repo>/hooks/<number>")
def change_hook(owner: str, repo: str, number: str) -> Data:
    found = repository(owner, repo)
    require_admin(found)
    hook = found["hooks"].get(number)
    if hook is None:
        not_found()
    hook |= {key: value for key, value in body().items() if key in {"events", "active", "config"}}
    return hook_view(found, hook)


@pages.delete("/repos/<owner>/<repo>/hooks/<number>")
def delete_hook(owner: str, repo: str, number: str) -> Any:
    found = repository(owner, repo)
    require_admin(found)
    if found["hooks"].pop(number, None) is None:
        not_found()
    return "", 204


def hook_view(repo: Data, hook: Data) -> Data:
    url = f"{store().base_url}/repos/{repo['owner']}/{repo['name']}/hooks/{hook['id']}"
    config = {**hook["config"], **({"secret": _HIDDEN} if "secret" in hook["config"] else {})}
    return {
        **hook,
        "config": config,
        "type": "Repository",
        "name": "web",
        "url": url,
        "ping_url": f"{url}/pings",
        "test_url": f"{url}/test",
        "updated_at": hook["created_at"],
        "last_response": {"code": None, "status": "unused", "message": None},
    }
