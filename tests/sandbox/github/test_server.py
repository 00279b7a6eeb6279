from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from common.github import GitHub
from common.github_errors import GitHubError
from sandbox.github.server import Server
from tests.conftest import ROOT
from tests.repository.house import NAME, PATH, TOKEN, House, opened

EVE = ":".join(["x", "token-of-eve-0123456789"])


def test_state_survives_a_stop_and_a_start(tmp_path: Path) -> None:
    with opened(tmp_path) as house:
        house.connect().post("/orgs/bbws/repos", {"name": NAME, "auto_init": True})
        sha = house.connect().get(f"{PATH}/commits/main")["sha"]
    with Server(tmp_path / "github") as again:
        assert GitHub(TOKEN, api=again.url).get(f"{PATH}/commits/main")["sha"] == sha


def test_two_stand_side_by_side(tmp_path: Path) -> None:
    with opened(tmp_path / "a") as first, opened(tmp_path / "b") as second:
        first.connect().post("/orgs/bbws/repos", {"name": NAME})
        assert first.server.url != second.server.url
        assert second.connect().find(PATH) is None


def test_only_this_machine_can_reach_it(house: House) -> None:
    port = int(house.server.url.rsplit(":", 1)[1])
    assert house.server.url.startswith("http://127.0.0.1:")
    with socket.socket() as probe:
        probe.settimeout(1)
        assert probe.connect_ex(("127.0.0.1", port)) == 0


def test_its_state_is_for_the_user_alone(house: House) -> None:
    folder = house.folder / "github"
    assert folder.stat().st_mode & 0o077 == 0
    house.server.store.save()
    assert (folder / "github.json").stat().st_mode & 0o077 == 0


def test_it_runs_as_a_process_and_ends_when_told(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "sandbox.github", str(tmp_path / "state")],
        cwd=ROOT / "utils" / "devops",
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    url = child.stdout.readline().strip()
    assert requests.get(f"{url}/user", timeout=5).status_code == 401
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=10) == 0
    child.stdout.close()
    assert (tmp_path / "state" / "github.json").exists()


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    with opened(tmp_path) as house:
        house.connect().post("/orgs/bbws/repos", {"name": NAME})
        kept = json.loads((tmp_path / "github" / "github.json").read_text())
    assert f"bbws/{NAME}" in kept["repos"]


def test_requests_at_once_do_not_disturb_each_other(made: House) -> None:
    def add(number: int) -> None:
        body = {"name": f"V{number}", "value": "x"}
        made.connect().post(f"{PATH}/actions/variables", body)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made.connect().listing(f"{PATH}/actions/variables", "variables")) == 12


def test_nobody_gets_in_without_a_token(house: House) -> None:
    assert requests.get(f"{house.server.url}/user", timeout=5).status_code == 401
    with pytest.raises(GitHubError, match="Bad credentials"):
        GitHub("someone-elses-token", api=house.server.url).get("/user")


def test_an_outsider_does_not_see_a_private_repository(made: House) -> None:
    made.store.add_user("eve", "token-of-eve-0123456789")
    assert made.connect("eve").find(PATH) is None
    assert made.connect("ben").find(PATH) is not None


def test_who_may_read_may_not_set(made: House) -> None:
    with pytest.raises(GitHubError, match="admin rights"):
        made.connect("cyn").put(f"{PATH}/environments/x", {})


def test_an_unknown_path_is_githubs_404(house: House) -> None:
    with pytest.raises(GitHubError, match="404 Not Found"):
        house.connect().get("/no/such/thing")


def test_lists_come_in_pages(made: House) -> None:
    github = made.connect()
    for number in range(5):
        github.put(f"{PATH}/environments/e{number}", {})
    pages = list(github.pages(f"{PATH}/environments", "environments", per_page=2))
    assert [len(page) for page in pages] == [2, 2, 1]


def test_what_has_not_changed_is_answered_with_304(made: House) -> None:
    url, headers = f"{made.server.url}{PATH}", {"Authorization": f"Bearer {TOKEN}"}
    first = requests.get(url, headers=headers, timeout=5)
    again = {**headers, "If-None-Match": first.headers["ETag"]}
    assert requests.get(url, headers=again, timeout=5).status_code == 304


def test_git_wants_credentials_and_rights(made: House, tmp_path: Path) -> None:
    url = f"{made.server.url}/bbws/{NAME}.git"
    made.store.add_user("eve", "token-of-eve-0123456789")
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "/bin/false"}
    for address in (url, url.replace("://", f"://{EVE}@")):
        done = subprocess.run(
            ["git", "clone", "-q", address, str(tmp_path / "c")], env=env, capture_output=True
        )
        assert done.returncode != 0
    info = f"{url}/info/refs?service=git-receive-pack"
    token = made.store.data["users"]["cyn"]["token"]
    assert requests.get(info, auth=("x", token), timeout=5).status_code == 403


def test_releases_keep_their_assets(made: House) -> None:
    github = made.connect()
    release = github.post(f"{PATH}/releases", {"tag_name": "v1.0.0"})
    assert github.get(f"{PATH}/git/ref/tags/v1.0.0")["ref"] == "refs/tags/v1.0.0"
    kind = {"Content-Type": "application/zip"}
    at = f"{PATH}/releases/{release['id']}/assets"
    body = b"PK\x03\x04bytes"
    asset = github.request("POST", at, query={"name": "a.zip"}, body=body, headers=kind).body
    assert asset["size"] == len(body)
    assert asset["digest"].startswith("sha256:")
    raw = requests.get(
        asset["url"],
        headers={"Authorization": f"Bearer {TOKEN}", "Accept": "application/octet-stream"},
        timeout=5,
    )
    assert raw.content == body
    with pytest.raises(GitHubError, match="already_exists"):
        github.request("POST", at, query={"name": "a.zip"}, body=body, headers=kind)
