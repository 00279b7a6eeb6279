from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from common.errors import UnavailableError
from common.process import ProcessFailedError, TimedOutError, follow, run


def test_output_and_code_are_kept() -> None:
    answer = run([sys.executable, "-c", "import sys; print('a'); sys.exit(3)"], check=False)
    assert (answer.stdout, answer.code, answer.ok) == ("a\n", 3, False)


def test_missing_program_is_unavailable_with_the_way_out() -> None:
    with pytest.raises(UnavailableError, match="'no-such-tool' is not installed") as caught:
        run(["no-such-tool"], install="pip install it")
    assert caught.value.hint == "pip install it"


def test_failure_carries_the_last_line_it_said() -> None:
    code = "import sys; print('first', file=sys.stderr); sys.exit('the reason')"
    with pytest.raises(ProcessFailedError, match="exit code 1: the reason"):
        run([sys.executable, "-c", code])


def test_words_are_never_a_shell_line(tmp_path: Path) -> None:
    run([sys.executable, "-c", "pass", f"; touch {tmp_path}/made"])
    assert list(tmp_path.iterdir()) == []


def test_standard_input_is_empty_unless_given() -> None:
    code = "import sys; print(repr(sys.stdin.read()))"
    assert run([sys.executable, "-c", code]).stdout == "''\n"
    assert run([sys.executable, "-c", code], stdin="secret").stdout == "'secret'\n"


def test_time_limit_ends_the_program_and_all_it_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        "import subprocess, sys, time;"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid)); time.sleep(60)"
    )
    with pytest.raises(TimedOutError, match="did not end within 1 s"):
        run([sys.executable, "-c", code], timeout=1)
    assert_gone(int(pid_file.read_text()))


def assert_gone(pid: int) -> None:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} was left behind")


def test_secrets_in_a_failure_are_masked() -> None:
    token = "ghp_" + "b" * 36
    with pytest.raises(ProcessFailedError) as caught:
        run([sys.executable, "-c", f"import sys; sys.exit('denied for {token}')"])
    assert token not in str(caught.value)


def test_lines_are_handed_on_as_they_come() -> None:
    lines: list[str] = []
    code = "import sys; print('a', flush=True); print('b', file=sys.stderr); sys.exit(3)"
    answer = follow([sys.executable, "-c", code], lines.append)
    assert (answer.code, lines) == (3, ["a", "b"])


def test_a_program_that_is_followed_for_too_long_is_ended_with_its_children() -> None:
    with pytest.raises(TimedOutError, match=r"0\.5 s"):
        follow(["sh", "-c", "sleep 60 & sleep 60"], lambda _: None, timeout=0.5)
