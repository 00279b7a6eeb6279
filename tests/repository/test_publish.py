from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from common.errors import RefusedError, UnavailableError
from common.git import git
from repository.publish import Checkout, Origin, clone
from tests.repository.house import NAME, TOKEN, House
from tests.support.files import read_tree, write_tree


@pytest.fixture
def origin(made: House) -> Origin:
    return Origin(f"{made.server.url}/bbws/{NAME}.git", TOKEN)


def head(folder: Path) -> str:
    return git("rev-parse", "HEAD", cwd=folder).stdout.strip()


def test_the_first_commit_stands_on_what_github_made(made: House, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    checkout = Checkout(folder, Origin(f"{made.server.url}/bbws/{NAME}.git", TOKEN))
    checkout.connect()
    write_tree(folder, {"README.md": "# Auth\n", "src/app.py": "x = 1\n"})
    assert not checkout.is_pushed()
    checkout.restore_deleted()
    assert checkout.commit_all("feat: service")
    checkout.push()
    assert checkout.is_pushed()
    assert checkout.remote_head() == head(folder)
    log = git("log", "--format=%s", cwd=folder).stdout.split("\n")
    assert log[0] == "feat: service"
    assert "Initial commit" in log
    assert (folder / ".github" / "CODEOWNERS").exists()


def test_a_second_time_there_is_nothing_to_push(origin: Origin, tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "work", origin)
    checkout.connect()
    checkout.restore_deleted()
    assert checkout.is_pushed()
    assert not checkout.commit_all("nothing")


def test_a_commit_that_was_not_pushed_is_pushed_later(origin: Origin, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    first = Checkout(folder, origin)
    first.connect()
    write_tree(folder, {"a.txt": "a"})
    first.commit_all("feat: a")
    again = Checkout(folder, origin)
    again.connect()
    assert not again.is_pushed()
    again.push()
    assert again.is_pushed()


def test_a_clone_of_something_else_is_refused(origin: Origin, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    clone(origin, folder)
    other = Origin(origin.url.replace(NAME, "2_bbws_other_lambda"), TOKEN)
    with pytest.raises(RefusedError, match="is a clone of"):
        Checkout(folder, other).connect()


def test_a_relative_path_is_below_this_directory(made: House) -> None:
    result = made.on("clone", "--path", "below/here")
    assert result.stdout == "below/here\n"
    assert (Path("below") / "here" / "README.md").is_file()


def test_nothing_is_cloned_over_files(origin: Origin, tmp_path: Path) -> None:
    write_tree(tmp_path / "work", {"mine.txt": "mine"})
    with pytest.raises(RefusedError, match="is not empty"):
        clone(origin, tmp_path / "work")


def test_a_wrong_token_is_an_error_without_it(made: House, tmp_path: Path) -> None:
    wrong = "wrong-token-0123456789"
    with pytest.raises(UnavailableError) as caught:
        clone(Origin(f"{made.server.url}/bbws/{NAME}.git", wrong), tmp_path / "work")
    assert wrong not in f"{caught.value} {caught.value.hint} {caught.value.__cause__}"


def test_the_token_is_in_no_file_of_the_clone(origin: Origin, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    clone(origin, folder)
    write_tree(folder, {"a.txt": "a"})
    checkout = Checkout(folder, origin)
    checkout.commit_all("feat: a")
    checkout.push()
    found = [name for name, content in read_tree(folder).items() if TOKEN.encode() in content]
    assert found == []
    assert TOKEN not in repr(checkout)


def test_the_token_is_in_no_words_of_git(origin: Origin, tmp_path: Path) -> None:
    """A `git` that writes down its words, and those of the helpers it starts, then runs."""
    import shutil

    log, real = tmp_path / "argv.log", shutil.which("git")
    spy = tmp_path / "bin" / "git"
    write_tree(
        tmp_path, {"bin/git": f'#!/bin/sh\nprintf "%s\\n" "$*" >> {log}\nexec {real} "$@"\n'}
    )
    spy.chmod(spy.stat().st_mode | stat.S_IXUSR)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{spy.parent}{os.pathsep}{os.environ['PATH']}")
        clone(origin, tmp_path / "work")
        checkout = Checkout(tmp_path / "work", origin)
        checkout.fetch()
    words = log.read_text()
    assert "clone --quiet" in words
    assert TOKEN not in words
    assert "extraHeader" not in words
    assert "Basic" not in words


def test_the_developers_git_variables_do_not_lead_elsewhere(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_TRACE_CURL", "1")
    clone(origin, tmp_path / "work")
    assert (tmp_path / "work" / "README.md").exists()
