"""A hotfix starts from what is live, and is known for one afterwards."""

from __future__ import annotations

import pytest

from common.errors import RefusedError
from deploy.promotion import hotfixing
from deploy.promotion.hotfixing import (
    Base,
    base_below,
    base_of,
    require_hotfix,
    start_hotfix,
    why_no_hotfix,
)
from deploy.repository import Repository, find_repository, version_name
from tests.deploy.aws import Repo
from tests.deploy.builders import deployment


@pytest.fixture
def repo(tmp_path, git_identity) -> Repo:
    """v1.2.0 is live; main has gone on since."""
    made = Repo(tmp_path, "auth")
    made.commit("v1.2.0")
    made.commit("more", tag=False)
    return made


def checkout(repo: Repo) -> Repository:
    found = find_repository(repo.root, "auth")
    assert found is not None
    return found


def live(repo: Repo, version: str = "v1.2.0", **more):
    facts = {"commit": repo.git("rev-parse", "v1.2.0"), "version": version, **more}
    return deployment(**facts)


def test_the_branch_starts_at_the_live_release_not_at_main(repo: Repo):
    made = start_hotfix(checkout(repo), live(repo), dry_run=False)
    assert (made.base, made.version, made.branch) == ("v1.2.0", "v1.2.1", "hotfix/v1.2.1")
    assert repo.git("rev-parse", "hotfix/v1.2.1") == repo.git("rev-parse", "v1.2.0")
    assert any(
        "promote-prod --service auth --version v1.2.1" in s for s in made.next_commands("auth")
    )


def test_starting_twice_gives_the_same_branch(repo: Repo):
    first = start_hotfix(checkout(repo), live(repo), dry_run=False)
    again = start_hotfix(checkout(repo), live(repo), dry_run=False)
    assert first.created
    assert not again.created
    assert again.branch == first.branch


def test_a_dry_run_makes_no_branch(repo: Repo):
    made = start_hotfix(checkout(repo), live(repo), dry_run=True)
    assert made.created
    assert repo.git("branch", "--list", "hotfix/*") == ""


def test_the_version_is_the_next_that_is_free(repo: Repo):
    repo.git("tag", "v1.2.7")
    assert start_hotfix(checkout(repo), live(repo), dry_run=True).version == "v1.2.8"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"commit": "e" * 40}, "tag v1.2.0 is"),
        ({"version": "commit-cccccccccccc"}, "which is no release"),
    ],
)
def test_what_is_live_must_be_a_release_that_is_known_here(repo: Repo, changes, said):
    with pytest.raises(RefusedError, match=said):
        start_hotfix(checkout(repo), live(repo, **changes), dry_run=False)


def test_without_anything_live_there_is_nothing_to_fix(repo: Repo):
    with pytest.raises(RefusedError, match="nothing is live"):
        start_hotfix(checkout(repo), None, dry_run=False)


@pytest.fixture
def fixing(repo: Repo) -> Repo:
    """On the branch of the hotfix; main of the remote is where main is."""
    repo.git("update-ref", "refs/remotes/origin/main", "main")
    start_hotfix(checkout(repo), live(repo), dry_run=False)
    repo.git("switch", "--quiet", "hotfix/v1.2.1")
    return repo


def why(repo: Repo, commit: str, version: str = "v1.2.1", base: Base | None = None) -> str:
    return why_no_hotfix(checkout(repo), base or base_of(live(repo)), version, commit)


def test_the_next_patch_grown_from_what_is_live_is_a_hotfix(fixing: Repo):
    assert why(fixing, fixing.commit("v1.2.1")) == ""


def test_a_release_of_main_is_no_hotfix(fixing: Repo):
    assert "commits of main along" in why(fixing, fixing.git("rev-parse", "main"))


def test_main_merged_into_the_fix_makes_it_an_ordinary_release(fixing: Repo):
    fixing.git("merge", "--quiet", "--no-edit", "-X", "ours", "main")
    assert "commits of main along" in why(fixing, fixing.commit("v1.2.1"))


def test_a_fix_of_what_is_not_live_is_no_hotfix(fixing: Repo):
    commit = fixing.commit("v1.2.1")
    elsewhere = Base("v1.2.0", fixing.git("rev-parse", "main"))
    assert "does not start at v1.2.0" in why(fixing, commit, base=elsewhere)
    assert "no release that it could fix" in why_no_hotfix(checkout(fixing), None, "v1.2.1", commit)


@pytest.mark.parametrize("version", ["v1.3.0", "v2.2.1", "v1.2.0", "v1.2.1-rc.1"])
def test_only_a_higher_patch_is_a_hotfix(fixing: Repo, version: str):
    assert why(fixing, fixing.commit("fix", tag=False), version) != ""


@pytest.mark.parametrize(
    "name", [".github/workflows/promote-prod.yml", "deploy.yml", "utils/devops/deploy_cli.py"]
)
def test_a_hotfix_leaves_alone_what_guards_deployments(fixing: Repo, name: str):
    path = fixing.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("changed\n")
    assert f"it changes {name}" in why(fixing, fixing.commit("v1.2.1"))


def test_without_main_nothing_is_known_to_be_a_hotfix(fixing: Repo):
    fixing.git("update-ref", "-d", "refs/remotes/origin/main")
    assert "main of its repository is not known" in why(fixing, fixing.commit("v1.2.1"))


def test_a_fix_whose_commits_cannot_be_listed_is_no_hotfix(fixing: Repo, monkeypatch):
    known = hotfixing._commits
    monkeypatch.setattr(
        hotfixing, "_commits", lambda *words: known(*words) if "--first-parent" in words else None
    )
    assert "its commits are not known" in why(fixing, fixing.commit("v1.2.1"))


def test_a_hotfix_is_merged_back_before_anybody_is_asked(fixing: Repo):
    commit, here = fixing.commit("v1.2.1"), checkout(fixing)
    require_hotfix(here, base_of(live(fixing)), "v1.2.1", commit, lambda _: True)
    with pytest.raises(RefusedError, match="no pull request merged exactly its commit"):
        require_hotfix(here, base_of(live(fixing)), "v1.2.1", commit, lambda _: False)


def test_the_base_is_told_by_tags_where_prod_cannot_be_asked(fixing: Repo):
    base = base_below(checkout(fixing), "v1.2.1", fixing.commit("v1.2.1"))
    assert base == Base("v1.2.0", fixing.git("rev-parse", "v1.2.0"))
    assert base_below(checkout(fixing), "v1.3.0", fixing.git("rev-parse", "v1.2.1")) is None


def test_a_branch_of_that_name_that_starts_elsewhere_is_not_taken_for_it(repo: Repo):
    repo.git("branch", "hotfix/v1.2.1", repo.git("commit-tree", "-m", "x", "main^{tree}"))
    with pytest.raises(RefusedError, match="does not start at"):
        start_hotfix(checkout(repo), live(repo), dry_run=False)


def test_of_two_tags_on_a_commit_the_higher_one_names_it(repo: Repo):
    commit = repo.commit("v1.9.0")
    repo.git("tag", "v1.10.0")
    assert version_name(repo.root, commit) == "v1.10.0"
