"""The operating tools that travel in each service repository, as a Gradle wrapper does.

A service carries the scripts that operate it and all that they import, so that every runbook line
works inside it with no other checkout. `utils/devops/toolkit.json` says which version was copied,
with the SHA-256 of each file; `utils/devops/requirements.txt` pins what the tools need.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from typing import TYPE_CHECKING

from codegen.code import RenderedFile
from common.home import HOME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCRIPTS = (
    "deploy_cli.py",
    "local_runner.py",
    "monitor_cli.py",
    "pipeline_test.py",
    "release_cli.py",
    "security_cli.py",
    "terraform_cli.py",
)
"""What operates a service."""

STARTED = ("sandbox/launch.py", "sandbox/runtime/child.py")
"""Modules that are not imported but started as processes of their own."""

GENERATORS = frozenset({"codegen", "lld", "repository"})
"""Packages that work on designs; they stay in the toolkit, and who asks for them is told so."""

TARGET = "utils/devops"
MANIFEST = f"{TARGET}/toolkit.json"

_TOOLS = HOME / "utils" / "devops"
_STAY = ("tests", "quality gates")
"""Groups of the toolkit's requirements that only its own development needs."""
_TRAVEL = ("moto[server]", "detect-secrets", "pre-commit")
"""Members of those groups that carried scripts run all the same."""
_IMPORT = re.compile(r"^ *(?:from +([\w.]+) +import +(\([^)]*\)|[^\n#]+)|import +([^\n#]+))", re.M)
_WORD = re.compile(r"[\w.]+")


def carried_tools() -> Iterator[RenderedFile]:
    """Every file that travels, in the order of their paths, then the manifest."""
    files = _carried()
    for path, text in files.items():
        yield RenderedFile(f"{TARGET}/{path}", text, copied=True)
    yield RenderedFile(MANIFEST, _manifest(files), copied=True)


def toolkit_version() -> str:
    """The version of this toolkit, as its setup.cfg states it."""
    for line in (HOME / "setup.cfg").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "version":
            return value.strip()
    return "0"


@cache
def _carried() -> dict[str, str]:
    files = _sources()
    for folder in {path.rpartition("/")[0] for path in files}:
        for data in (_TOOLS / folder).glob("*.yml"):
            files[data.relative_to(_TOOLS).as_posix()] = data.read_text(encoding="utf-8")
    files["requirements.txt"] = _requirements()
    files["constraints.txt"] = (HOME / "constraints.txt").read_text(encoding="utf-8")
    return dict(sorted(files.items()))


def _sources() -> dict[str, str]:
    """The scripts and every module they import, directly or not, with their text."""
    found: dict[str, str] = {}
    wanted = [_TOOLS / one for one in (*SCRIPTS, *STARTED)]
    while wanted:
        module = wanted.pop()
        path = module.relative_to(_TOOLS).as_posix()
        if path not in found:
            found[path] = module.read_text(encoding="utf-8")
            wanted += [*_packages(module), *_imported(found[path])]
    return found


def _packages(module: Path) -> Iterator[Path]:
    """The `__init__` of every package round a module."""
    for folder in module.relative_to(_TOOLS).parents:
        if folder.name:
            yield _TOOLS / folder / "__init__.py"


def _imported(text: str) -> Iterator[Path]:
    """Modules of this toolkit that a module's import statements name, wherever they stand."""
    for origin, names, modules in _IMPORT.findall(text):
        if modules:
            found = _WORD.findall(modules)
        else:
            found = [origin, *(f"{origin}.{name}" for name in _WORD.findall(names))]
        for name in found:
            if name.partition(".")[0] not in GENERATORS:
                yield from _module(name)


@cache
def _module(name: str) -> tuple[Path, ...]:
    """The file of a module of this toolkit; empty for a name that is none."""
    place = _TOOLS.joinpath(*name.split("."))
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return tuple(one for one in candidates if one.is_file())


def _requirements() -> str:
    """The toolkit's requirements without those of its own development."""
    lines = ["# Exact versions of what the carried tools need."]
    stays = False
    for line in (HOME / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# ---"):
            stays = line.removeprefix("# ---").strip().startswith(_STAY)
        elif line and not line.startswith("#") and (not stays or line.startswith(_TRAVEL)):
            lines.append(line)
    return "\n".join(lines) + "\n"


def _manifest(files: dict[str, str]) -> str:
    digests = {
        path: f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" for path, text in files.items()
    }
    content = {"toolkit": toolkit_version(), "files": digests}
    return json.dumps(content, indent=2) + "\n"
