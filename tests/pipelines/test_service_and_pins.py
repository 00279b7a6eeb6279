from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import UnavailableError
from pipelines.generation.pins import (
    Pin,
    PinChange,
    parse_pins,
    pins,
    read_pins,
    refresh,
    render_pins,
    write_pins,
)
from pipelines.generation.service import service_of
from pipelines.validation.usage import GitHubReleases, State, used_actions
from tests.support.files import write_tree

OLD, NEW = "a" * 40, "b" * 40


class KnownReleases:
    """Releases that a test states."""

    def __init__(self, **releases: Pin) -> None:
        self._releases = releases

    def latest_release(self, action: str) -> Pin:
        return self._releases[action.split("/")[1]]


class RecordedGitHub:
    """Answers of the GitHub API, by path."""

    def __init__(self, answers: dict[str, dict]) -> None:
        self._answers = answers

    def get(self, path: str) -> dict:
        return self._answers[path]


def pin(name: str, version: str = "v1.0.0", sha: str = OLD) -> Pin:
    return Pin(f"actions/{name}", version, sha, "2026-01-01")


def test_a_repository_s_name_tells_its_service(tmp_path: Path) -> None:
    folder = tmp_path / "2_bbws_order_history_lambda"
    folder.mkdir()
    service = service_of(folder)
    assert (service.name, service.repository) == ("order_history", "2_bbws_order_history_lambda")


def test_pyproject_tells_it_where_the_folder_does_not(tmp_path: Path) -> None:
    write_tree(tmp_path, {"pyproject.toml": '[project]\nname = "2_bbws_cart_lambda"\n'})
    assert service_of(tmp_path).name == "cart"


def test_a_service_can_be_named(tmp_path: Path) -> None:
    assert service_of(tmp_path, "cart").name == "cart"


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_an_unknown_service_is_said_so(tmp_path: Path, folder: str) -> None:
    with pytest.raises(UnavailableError):
        service_of(tmp_path / folder)


def test_pins_survive_being_written(tmp_path: Path) -> None:
    write_pins(tmp_path / "pins.yml", pins().values())
    assert read_pins(tmp_path / "pins.yml") == dict(pins())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "actions: {}",
        "actions: [1]",
        "actions:\n  - uses: a/b@v1\n    version: v1\n    date: x\n",
        f"actions:\n  - uses: a/b@{OLD}\n    version: main\n    date: x\n",
        "a: [",
    ],
)
def test_a_file_that_does_not_pin_is_refused(text: str) -> None:
    with pytest.raises(UnavailableError):
        parse_pins(text, source="pins.yml")


def test_an_update_takes_newer_releases() -> None:
    changes = refresh([pin("a"), pin("b")], KnownReleases(a=pin("a", "v2.0.0", NEW), b=pin("b")))
    assert [(change.changed, change.moved) for change in changes] == [(True, False), (False, False)]


def test_trap_6_2_a_moved_tag_is_recognised() -> None:
    assert PinChange(pin("a"), pin("a", "v1.0.0", NEW)).moved


def test_trap_6_2_an_answer_that_is_no_commit_is_refused() -> None:
    with pytest.raises(UnavailableError, match="not pinned"):
        refresh([pin("a")], KnownReleases(a=pin("a", "v2.0.0", "main")))


def test_an_annotated_tag_is_followed_to_its_commit() -> None:
    answers = {
        "/repos/actions/a/releases/latest": {"tag_name": "v2.0.0", "published_at": "2026-02-03T0"},
        "/repos/actions/a/git/ref/tags/v2.0.0": {"object": {"type": "tag", "sha": OLD}},
        f"/repos/actions/a/git/tags/{OLD}": {"object": {"type": "commit", "sha": NEW}},
    }
    found = GitHubReleases(RecordedGitHub(answers)).latest_release("actions/a")
    assert found == Pin("actions/a", "v2.0.0", NEW, "2026-02-03")


def test_a_pins_file_can_be_read_by_people() -> None:
    text = render_pins([pin("b"), pin("a")])
    assert text.index("actions/a@") < text.index("actions/b@")


def test_actions_in_use_are_listed_with_how_they_are_bound(tmp_path: Path) -> None:
    checkout = pins()["actions/checkout"]
    workflow = f"""
on: push
jobs:
  a:
    runs-on: x
    steps:
      - uses: actions/checkout@{checkout.sha} # {checkout.version}
      - uses: actions/cache@v4
      - uses: other/thing/sub@{OLD} # v3
      - uses: ./.github/actions/own
  b:
    uses: other/repo/.github/workflows/x.yml@main
"""
    write_tree(tmp_path, {".github/workflows/ci.yml": workflow})
    found = {one.action: (one.version, one.state) for one in used_actions(tmp_path)}
    assert found == {
        "actions/checkout": (checkout.version, State.PINNED),
        "actions/cache": (None, State.MOVABLE),
        "other/thing/sub": ("v3", State.OTHER),
        "other/repo/.github/workflows/x.yml": (None, State.MOVABLE),
    }
