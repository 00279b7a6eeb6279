"""The one place where an exception becomes text and a process exit.

Every script's `cli` is a `Cli` group. Expected errors end in one line and a hint, unexpected ones
in one line and the path of a log that holds the traceback; `--debug` also shows it on the screen.
A reader that went away (`| head`) changes no exit code; one that goes away from a series of results
ends it with 0.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import click

from common.asked import wants_json
from common.errors import DevopsError, ExitCode, UnavailableError
from common.interrupts import ended_orderly
from common.masking import mask
from common.output import tint
from common.streams import OutputLostError, ReaderGoneError, outlets

_EXIT_CODES = """\b
Exit codes: 0 done · 1 done, and the answer is bad · 2 usage · 3 refused by a safety rule ·
4 something needed is missing or unreachable · 70 a bug of ours · 130 interrupted"""


class Cli(click.Group):
    """A click group whose `main` never lets a traceback out and exits with the documented codes."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        settings.setdefault("epilog", _EXIT_CODES)
        settings.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        super().__init__(*args, **settings)

    def main(
        self, args: Sequence[str] | None = None, *positional: Any, **settings: Any
    ) -> NoReturn:
        """Run the command line and exit; `standalone_mode` is always this boundary's own."""
        words = list(sys.argv[1:] if args is None else args)
        settings["standalone_mode"] = False
        with outlets(), ended_orderly():
            code = _guard(lambda: super(Cli, self).main(words, *positional, **settings), words)
        sys.exit(code)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a broken pipe that is not standard output's is told, not passed over."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise UnavailableError("a program or server ended while it was written to") from error


def _guard(run: Any, words: list[str]) -> int:
    try:
        outcome = run()
    except (click.Abort, KeyboardInterrupt):
        return _report("interrupted", "interrupted", None, ExitCode.INTERRUPTED, words)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return ExitCode.USAGE
    except click.ClickException as error:
        return _report("usage", error.format_message(), _usage_hint(error), ExitCode.USAGE, words)
    except DevopsError as error:
        if "--debug" in words:
            click.echo(_traceback(error), err=True)
        return _report(error.code, error.message, error.hint, error.exit_code, words)
    except ReaderGoneError:
        return ExitCode.DONE
    except Exception as error:
        return _bug(error, words)
    return outcome if isinstance(outcome, int) else ExitCode.DONE


def _usage_hint(error: click.ClickException) -> str | None:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{context.command_path} --help" if context else None


def _report(
    code: str, message: str, hint: str | None, exit_code: ExitCode, words: Sequence[str]
) -> ExitCode:
    message, hint = mask(message), mask(hint) if hint else None
    if wants_json(words):
        import json

        with suppress(OutputLostError):
            click.echo(json.dumps({"error": {"code": code, "message": message, "hint": hint}}))
            return exit_code
    click.echo(tint("error: ", "red") + message, err=True)
    if hint:
        click.echo(tint("hint: ", "yellow") + hint, err=True)
    return exit_code


def _bug(error: Exception, words: Sequence[str]) -> ExitCode:
    text = _traceback(error)
    if "--debug" in words:
        click.echo(text, err=True)
    path = _write_log(text, words)
    summary = str(error).strip().splitlines()[:1]
    message = f"a bug in this tool: {type(error).__name__}{': ' + summary[0] if summary else ''}"
    return _report("bug", message, f"the details are in {path}", ExitCode.BUG, words)


def _traceback(error: Exception) -> str:
    """What Python would have printed, masked."""
    import traceback

    return mask("".join(traceback.format_exception(error)))


def _write_log(text: str, words: Sequence[str]) -> Path | str:
    """Keep the traceback, masked and for the user only; fall back to a temporary folder."""
    import tempfile
    from datetime import UTC, datetime

    from common.state import state_folder

    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    name = f"{Path(sys.argv[0]).stem}-{stamp}-{os.getpid()}.log"
    content = mask(f"argv: {list(words)}\npython: {sys.version}\n\n{text}")
    places: tuple[Callable[[], Path], ...] = (
        lambda: state_folder() / "logs",
        lambda: Path(tempfile.mkdtemp(prefix="bbws-")),
    )
    for place in places:
        try:
            folder = place()
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except (OSError, UnavailableError):
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as log:
            log.write(content)
        return folder / name
    return "no log: neither the state folder nor the temporary folder can be written"
