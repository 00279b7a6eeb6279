"""What a job finds on the machine: tools, variables, and none of the user's own identity."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from common.state import cache_folder

_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "PYENV_ROOT", "PYENV_VERSION")
_KEPT_BEGINNINGS = ("PIP_", "UV_", "TF_", "NPM_CONFIG_")

_AWS = """#!/bin/sh
# A machine of GitHub's has the AWS command line; this one has as much of it as workflows ask for.
if [ "$1 $2" != "sts get-caller-identity" ]; then
  echo "aws: the sandbox knows only 'sts get-caller-identity'; install the AWS CLI for more" >&2
  exit 252
fi
exec {python} -c 'import boto3, json, sys
answer = boto3.session.Session().client("sts").get_caller_identity()
words = sys.argv[1:]
name = words[words.index("--query") + 1] if "--query" in words else None
found = {{key: answer[key] for key in ("UserId", "Account", "Arn")}}
plain = "text" in words
print(found[name] if name and plain else json.dumps(found[name] if name else found))' "$@"
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where jobs run.

    Attributes:
        folder: For tools and workspaces; it is gone with the sandbox.
        exports: The variables that lead into the sandbox, asked for when a job starts.
    """

    folder: Path
    exports: Callable[[], Mapping[str, str]]

    @property
    def tools(self) -> Path:
        return self.folder / "tools"

    def prepare(self) -> None:
        """Put the tools there: this very Python, and an `aws` where there is none."""
        self.tools.mkdir(parents=True, exist_ok=True)
        python = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'
        for name in ("python", "python3"):
            _script(self.tools / name, python)
        if shutil.which("aws") is None:
            _script(self.tools / "aws", _AWS.format(python=sys.executable))

    def variables(self, home: Path) -> dict[str, str]:
        """The environment of a job, before GitHub's variables and the job's own."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in _KEPT or name.startswith(_KEPT_BEGINNINGS)
        }
        return {
            **kept,
            **self.exports(),
            # A job has no profiles: it signs in, or it is nobody.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "HOME": str(home),
            "XDG_CACHE_HOME": str(cache_folder().parent),
            "PATH": f"{self.tools}{os.pathsep}{kept.get('PATH', os.defpath)}",
            "GIT_CONFIG_NOSYSTEM": "1",
        }


def _script(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
