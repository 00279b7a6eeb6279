from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from common import boundary
from common.audit import record
from common.boundary import Cli
from common.errors import (
    FailedError,
    RefusedError,
    UnavailableError,
    UsageProblemError,
)
from common.interrupts import ended_orderly, hear_first_only
from common.options import env_option, output_options
from common.state import cache_folder


def run(error: BaseException | None, *words: str) -> Result:
    @click.group(cls=Cli)
    def cli() -> None:
        """A script."""

    @cli.command()
    @output_options
    def act(output: str) -> None:
        if error:
            raise error
        click.echo(output)

    @cli.command()
    @env_option
    @output_options
    def there(env: object, output: str) -> None:
        click.echo(str(env))

    return CliRunner().invoke(cli, words or ("act",))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FailedError("unhealthy"), 1),
        (UsageProblemError("both"), 2),
        (RefusedError("wrong account"), 3),
        (UnavailableError("no git"), 4),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (ValueError("boom"), 70),
    ],
)
def test_each_error_has_its_documented_exit_code(error: BaseException, code: int) -> None:
    assert run(error).exit_code == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_tool_and_all_it_started(tmp_path: Path, number: signal.Signals) -> None:
    script = (
        "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it\n"
        "import click\nfrom common.boundary import Cli\nfrom common.process import run\n"
        "@click.group(cls=Cli)\ndef cli(): ...\n"
        "@cli.command()\ndef act():\n"
        " run(['sh', '-c', 'read word; echo $$ > pid; exec sleep 600'], stdin='go\\n')\n"
        "cli(['act'])\n"
    )
    tool = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(boundary.__file__).parents[1])},
    )  # fmt: skip
    written = tmp_path / "pid"
    while not (written.exists() and written.read_text()):
        assert tool.poll() is None
    tool.send_signal(number)
    said = tool.communicate(timeout=60)[1]
    assert (tool.returncode, said.strip()) == (130, "error: interrupted")
    with pytest.raises(ProcessLookupError):
        os.killpg(int(written.read_text()), 0)


def test_who_ignores_a_signal_goes_on_ignoring_it() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_orderly():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_once_the_first_is_heard_the_others_pass_and_nohup_holds() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        with ended_orderly():
            hear_first_only()
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.raise_signal(number)
            # Programs that clean up inherit what is ignored.
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is interrupt
    finally:
        signal.signal(signal.SIGHUP, before)


def test_success_is_zero() -> None:
    assert (run(None).exit_code, run(None).stdout) == (0, "text\n")


def test_error_is_one_line_and_a_hint_on_standard_error() -> None:
    answer = run(UnavailableError("'git' is not installed", hint="install git"))
    assert answer.stdout == ""
    assert answer.stderr == "error: 'git' is not installed\nhint: install git\n"


@pytest.mark.parametrize(
    "flag", [("-o", "json"), ("--output", "json"), ("--output=json",), ("-ojson",)]
)
def test_json_failure_is_one_document_on_standard_output(flag: tuple[str, ...]) -> None:
    answer = run(RefusedError("no", hint="ask"), "act", *flag)
    assert json.loads(answer.stdout) == {
        "error": {"code": "refused", "message": "no", "hint": "ask"}
    }
    assert answer.stderr == ""


def test_json_is_printed_even_when_the_command_line_does_not_parse() -> None:
    answer = run(None, "act", "-o", "json", "--nonsense")
    assert json.loads(answer.stdout)["error"]["code"] == "usage"
    assert answer.exit_code == 2


def test_unknown_environment_is_a_usage_error_with_the_choices() -> None:
    answer = run(None, "there", "--env", "staging")
    assert answer.exit_code == 2
    assert "unknown environment 'staging'; choose one of: dev, sit, prod, prod-dr" in answer.stderr


def test_bug_is_one_line_and_a_log_with_the_traceback(own_home: Path) -> None:
    answer = run(ValueError("boom"))
    assert "Traceback" not in answer.output
    (log,) = (own_home / ".local/state/bbws-devops/logs").iterdir()
    assert str(log) in answer.stderr
    assert "ValueError: boom" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def no_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As for a user that the system does not know."""

    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", home)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_without_a_home_the_log_is_in_an_own_temporary_folder(
    no_home: None, tmp_path: Path
) -> None:
    answer = run(ValueError("boom"))
    (folder,) = tmp_path.iterdir()
    (log,) = folder.iterdir()
    assert (answer.exit_code, folder.stat().st_mode & 0o777) == (70, 0o700)
    assert str(log) in answer.stderr
    assert "ValueError: boom" in log.read_text()


def test_without_a_home_nothing_goes_on_unaudited(no_home: None) -> None:
    with pytest.raises(UnavailableError, match="audit log has no place") as caught:
        record("account-validation", "passed")
    assert "BBWS_AUDIT_LOG" in (caught.value.hint or "")


def test_a_home_that_is_no_path_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "somewhere")
    with pytest.raises(UnavailableError, match="no home directory"):
        cache_folder()


def test_debug_shows_the_traceback() -> None:
    assert "Traceback" in run(ValueError("boom"), "act", "--debug").stderr


def test_credentials_are_masked_in_errors_and_logs(own_home: Path) -> None:
    token = "ghp_" + "a" * 36
    answer = run(ValueError(f"401 for {token}"))
    (log,) = (own_home / ".local/state/bbws-devops/logs").iterdir()
    assert token not in answer.output + log.read_text()


def test_no_command_shows_the_help_and_is_a_usage_error() -> None:
    answer = CliRunner().invoke(Cli("tool", commands={"x": click.Command("x", help="Do x.")}), [])
    assert answer.exit_code == 2
    assert "Do x." in answer.stderr


def test_every_error_class_has_its_own_exit_code() -> None:
    kinds = (FailedError, UsageProblemError, RefusedError, UnavailableError)
    codes = [kind.exit_code for kind in kinds]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", [ValueError, UnavailableError])
def test_what_debug_shows_is_masked(kind: type[Exception]) -> None:
    result = run(kind("no answer to token=ghp_" + "a" * 36), "act", "--debug")
    assert "Traceback" in result.stderr
    assert "ghp_" not in result.stderr
