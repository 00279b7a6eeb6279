"""The operating tools that travel in each service repository, as a Gradle wrapper does.

A service carries `utils/devops` without the generators, so that every runbook line works inside it
with no other checkout. `utils/devops/toolkit.json` says which version was copied, with the SHA-256
of each file; `utils/devops/requirements.txt` pins what the tools need.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from codegen.code import RenderedFile
from common.home import HOME

if TYPE_CHECKING:
    from collections.abc import Iterator

GENERATORS = frozenset(
    {
        "code_gen.py",
        "lld_parser.py",
        "pipeline_cli.py",
        "repo_cli.py",
        "codegen",
        "lld",
        "repository",
    }
)
"""Scripts and packages that work on designs and repositories; they stay in the toolkit."""

_TOOLS = HOME / "utils" / "devops"
_TARGET = "utils/devops"
_GROUP = "# --- the scripts"


def carried_tools(version: str) -> Iterator[RenderedFile]:
    """Every file that travels, in the order of their paths, then the manifest."""
    files = {path: (_TOOLS / path).read_text(encoding="utf-8") for path in _carried_paths()}
    files["requirements.txt"] = _requirements()
    files["constraints.txt"] = (HOME / "constraints.txt").read_text(encoding="utf-8")
    for path, text in sorted(files.items()):
        yield RenderedFile(f"{_TARGET}/{path}", text)
    yield RenderedFile(f"{_TARGET}/toolkit.json", _manifest(version, files))


def _carried_paths() -> Iterator[str]:
    for path in sorted(_TOOLS.rglob("*")):
        relative = path.relative_to(_TOOLS)
        hidden = any(part.startswith((".", "__pycache__")) for part in relative.parts)
        if path.is_file() and not hidden and relative.parts[0] not in GENERATORS:
            yield relative.as_posix()


def _requirements() -> str:
    """The scripts' own group of the toolkit's requirements."""
    groups = (HOME / "requirements.txt").read_text(encoding="utf-8").split("\n\n")
    own = next(group for group in groups if group.startswith(_GROUP))
    return f"{own.rstrip()}\n"


def _manifest(version: str, files: dict[str, str]) -> str:
    digests = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in files.items()}
    content = {"toolkit": version, "files": dict(sorted(digests.items()))}
    return json.dumps(content, indent=2) + "\n"
