"""A hotfix starts from what is live, and is known for one afterwards."""

from __future__ import annotations

import pytest

from common.errors import RefusedError
from deploy.promotion.hotfixing import is_hotfix, start_hotfix
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


def test_a_fix_beside_main_is_recorded_as_a_hotfix_and_a_release_of_main_is_not(repo: Repo):
    repo.git("update-ref", "refs/remotes/origin/main", "main")
    start_hotfix(checkout(repo), live(repo), dry_run=False)
    repo.git("switch", "--quiet", "hotfix/v1.2.1")
    fix = repo.commit("v1.2.1")
    here, before = checkout(repo), live(repo)
    assert is_hotfix(here, before, "v1.2.1", fix)
    assert not is_hotfix(here, before, "v1.3.0", fix)
    assert not is_hotfix(here, before, "v1.2.1", repo.git("rev-parse", "main"))
    assert not is_hotfix(here, None, "v1.2.1", fix)


def test_of_two_tags_on_a_commit_the_higher_one_names_it(repo: Repo):
    commit = repo.commit("v1.9.0")
    repo.git("tag", "v1.10.0")
    assert version_name(repo.root, commit) == "v1.10.0"
