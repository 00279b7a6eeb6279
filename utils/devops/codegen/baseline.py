"""What was generated last, kept inside the repository so that a changed design can be merged.

`.bbws/baseline.json` holds the text of every generated file as it came out of the generator, with
its digest and its part; of a file that was only copied, the digest. It is written last: a run that
dies before leaves the old one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from common.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from codegen.code import RenderedFile

BASELINE = ".bbws/baseline.json"
_FORM = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """One file as it was generated last; without its text where that was only copied."""

    part: str
    digest: str
    text: str | None = None

    def is_text(self, content: bytes) -> bool:
        """Whether a file still is as it was generated."""
        return digest(content) == self.digest


def keep(one: RenderedFile, part: str) -> Kept:
    """What is remembered of a rendered file."""
    return Kept(part, digest(one.text), None if one.copied else one.text)


@dataclass(frozen=True, slots=True)
class Baseline:
    """Everything that was generated last, and the conflicts nobody has settled yet."""

    toolkit: str = ""
    document: str = ""
    files: Mapping[str, Kept] = field(default_factory=dict)
    conflicts: Mapping[str, str] = field(default_factory=dict)
    """Path and digest of the new text that lies beside the person's file."""

    def to_bytes(self) -> bytes:
        """The file, the same bytes for the same content."""
        files = {path: _entry(one) for path, one in sorted(self.files.items())}
        content = {
            "form": _FORM,
            "toolkit": self.toolkit,
            "document": self.document,
            "conflicts": dict(sorted(self.conflicts.items())),
            "files": files,
        }
        return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _entry(one: Kept) -> dict[str, str]:
    entry = {"part": one.part, "digest": one.digest}
    return entry if one.text is None else {**entry, "text": one.text}


def digest(content: str | bytes) -> str:
    """`sha256:` and the digest: with what it is in front, no scanner takes it for a secret."""
    raw = content.encode() if isinstance(content, str) else content
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def read_baseline(root: Path) -> Baseline | None:
    """The baseline of a repository; None where nothing was generated yet.

    Raises:
        UnavailableError: It is there and cannot be understood.
    """
    path = root / BASELINE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return _parsed(content)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UnavailableError(f"reading {str(path)!r}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnavailableError(
            f"{str(path)!r} is damaged, so edits cannot be told from generated text",
            hint=f"restore it: git checkout -- {BASELINE}",
        ) from error


def _parsed(content: Any) -> Baseline:
    if content["form"] != _FORM:
        raise ValueError("unknown form")
    files = {}
    for path, one in content["files"].items():
        kept = Kept(one["part"], one["digest"], one.get("text"))
        if kept.text is not None and digest(kept.text) != kept.digest:
            raise ValueError(f"digest of {path}")
        files[path] = kept
    return Baseline(content["toolkit"], content["document"], files, content["conflicts"])
