"""A cache of compiled templates never decides whether work gets done."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from common.template_cache import forgiving_cache


def rendered(folder: Path) -> str:
    """What a template comes to, with the cache in `folder`."""
    environment = Environment(
        loader=DictLoader({"hello": "hello {{ name }}"}),
        bytecode_cache=forgiving_cache(folder),
        autoescape=True,
    )
    return environment.get_template("hello").render(name="you")


def entry(folder: Path) -> Path:
    (found,) = (path for path in folder.iterdir() if path.suffix == ".cache")
    return found


def test_an_entry_is_kept_and_used(tmp_path: Path) -> None:
    assert rendered(tmp_path) == "hello you"
    kept = entry(tmp_path)
    before = kept.stat().st_mtime_ns
    assert rendered(tmp_path) == "hello you"
    assert kept.stat().st_mtime_ns == before


@pytest.mark.parametrize("part", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_truncated_entry_is_made_anew(tmp_path: Path, part: float) -> None:
    rendered(tmp_path)
    kept = entry(tmp_path)
    whole = kept.read_bytes()
    kept.write_bytes(whole[: int(len(whole) * part)])
    assert rendered(tmp_path) == "hello you"
    assert kept.read_bytes() == whole


def test_garbage_after_the_right_beginning_is_made_anew(tmp_path: Path) -> None:
    rendered(tmp_path)
    kept = entry(tmp_path)
    whole = kept.read_bytes()
    kept.write_bytes(whole[:80] + bytes(len(whole) - 80))
    assert rendered(tmp_path) == "hello you"


def test_a_place_that_takes_no_entry_is_done_without(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.write_text("a file, so that nobody can write below it")
    assert rendered(place) == "hello you"


def test_an_entry_that_cannot_be_opened_is_done_without(tmp_path: Path) -> None:
    rendered(tmp_path)
    kept = entry(tmp_path)
    kept.unlink()
    kept.mkdir()
    assert rendered(tmp_path) == "hello you"
