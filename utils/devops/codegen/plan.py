"""From rendered files to a plan of changes, comparing three texts: kept, on disk, new.

1. Nothing on disk: create; but what a person deleted stays deleted.
2. On disk as it was generated: update when the new text differs.
3. Edited by a person, design unchanged: keep.
4. Both changed: merge three ways; where both changed the same lines the person's file stays and the
   new text goes beside it as `<file>.new`, which is a conflict until that file is gone.
5. Generated before and no longer: delete when nobody edited it, else leave it and say so.

Planning reads and never writes.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from codegen.baseline import Baseline, Kept, digest, keep
from common.errors import RefusedError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codegen.code import RenderedFile

NEW_SUFFIX = ".new"


class Verb(StrEnum):
    """What happens to a path."""

    CREATE = "create"
    IDENTICAL = "identical"
    UPDATE = "update"
    MERGE = "merge"
    CONFLICT = "conflict"
    KEEP = "keep"
    """Edited by a person; the generated text has not changed."""
    ABSENT = "absent"
    """Deleted by a person; it stays so."""
    DELETE = "delete"
    """The design no longer has it, and nobody edited it."""
    LEAVE = "leave"
    """The design no longer has it, but a person edited it."""


WRITING = frozenset({Verb.CREATE, Verb.UPDATE, Verb.MERGE})
CHANGING = WRITING | {Verb.CONFLICT, Verb.DELETE}


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one path, and the bytes that would be written there."""

    path: str
    verb: Verb
    line: int | None = None
    content: bytes | None = None
    beside: bytes | None = None
    """The new text of a conflict, for `<file>.new`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes of one run, in the order of their paths, and the baseline after it."""

    root: Path
    changes: tuple[Change, ...]
    baseline: Baseline
    is_new: bool
    """Whether the folder has to be made: then all of it appears at once."""
    stale_baseline: bool = False

    @property
    def conflicts(self) -> tuple[Change, ...]:
        return tuple(one for one in self.changes if one.verb is Verb.CONFLICT)

    @property
    def changes_anything(self) -> bool:
        """Whether carrying the plan out would change the folder."""
        return self.is_new or any(one.verb in CHANGING for one in self.changes)


@dataclass(frozen=True, slots=True)
class PartFiles:
    """The files that one part rendered."""

    part: str
    files: tuple[RenderedFile, ...]


def make_plan(
    root: Path,
    rendered: Sequence[PartFiles],
    before: Baseline | None,
    *,
    toolkit: str,
    document: str,
) -> Plan:
    """Compare what was rendered with what is on disk.

    Raises:
        RefusedError: Two parts want one path, or a path leads outside the folder.
    """
    known = before or Baseline()
    wanted = _gathered(root, rendered)
    changes: list[Change] = []
    files: dict[str, Kept] = dict(known.files)
    conflicts: dict[str, str] = {}
    for path, (part, one) in wanted.items():
        change = _compare(root, one, known)
        changes.append(change)
        if change.verb is Verb.CONFLICT:
            conflicts[path] = digest(one.text)
        else:
            files[path] = keep(one, part)
    ran = {one.part for one in rendered}
    for path, kept in known.files.items():
        if path not in wanted and kept.part in ran:
            changes.append(_obsolete(root, path, kept))
            del files[path]
    others = {p: d for p, d in known.conflicts.items() if p not in wanted and p in files}
    after = Baseline(toolkit, document, files, {**others, **conflicts})
    changes.sort(key=lambda one: one.path)
    is_new = not root.exists() or not any(root.iterdir())
    return Plan(root, tuple(changes), after, is_new, stale_baseline=after != known)


def _gathered(root: Path, rendered: Sequence[PartFiles]) -> dict[str, tuple[str, RenderedFile]]:
    found: dict[str, tuple[str, RenderedFile]] = {}
    spellings: set[str] = set()
    for group in rendered:
        for one in group.files:
            check_path(root, one)
            if one.path.lower() in spellings:
                raise RefusedError(
                    f"{one.path!r} would be written twice{_from_line(one)}",
                    hint="rename one of the two in the design",
                )
            spellings.add(one.path.lower())
            found[one.path] = (group.part, one)
    return found


def check_path(root: Path, one: RenderedFile) -> None:
    """Make sure that a path stays inside the folder, also through links that lie in it.

    Raises:
        RefusedError: It does not; names the line of the design.
    """
    path = PurePosixPath(one.path)
    odd = path.is_absolute() or ".." in path.parts or "\\" in one.path or "\0" in one.path
    if odd or not path.parts or str(path) != one.path:
        raise RefusedError(f"{one.path!r} is no path inside the output{_from_line(one)}")
    top = root.resolve()
    if not (root / path.parent).resolve().is_relative_to(top) or (root / path).is_symlink():
        raise RefusedError(
            f"{one.path!r} leads outside {str(root)!r} through a link{_from_line(one)}",
            hint="remove the link, or choose another output folder",
        )


def _from_line(one: RenderedFile) -> str:
    return f" (line {one.line} of the design)" if one.line else ""


def _compare(root: Path, one: RenderedFile, known: Baseline) -> Change:
    new = one.text.encode()
    kept = known.files.get(one.path)
    disk = _read(root / one.path)
    if disk is None:
        if kept is None:
            return Change(one.path, Verb.CREATE, one.line, new)
        return Change(one.path, Verb.ABSENT, one.line)
    if disk == new:
        return Change(one.path, Verb.IDENTICAL, one.line)
    if kept is not None and kept.is_text(disk):
        return Change(one.path, Verb.UPDATE, one.line, new)
    if kept is not None and kept.is_text(new):
        return Change(one.path, Verb.KEEP, one.line)
    return _both_changed(root, one, kept, disk, known)


def _both_changed(
    root: Path, one: RenderedFile, kept: Kept | None, disk: bytes, known: Baseline
) -> Change:
    new = one.text.encode()
    beside = root / (one.path + NEW_SUFFIX)
    if known.conflicts.get(one.path) == digest(one.text) and not beside.exists():
        # The new text was laid beside the file and someone removed it: they have settled it.
        return Change(one.path, Verb.KEEP, one.line)
    merged = merge(kept.text.encode(), disk, new) if kept and kept.text is not None else None
    if merged is None:
        return Change(one.path, Verb.CONFLICT, one.line, beside=new)
    if merged == disk:
        return Change(one.path, Verb.KEEP, one.line)
    return Change(one.path, Verb.MERGE, one.line, merged)


def _obsolete(root: Path, path: str, kept: Kept) -> Change:
    disk = _read(root / path)
    if disk is None:
        return Change(path, Verb.ABSENT)
    return Change(path, Verb.DELETE if kept.is_text(disk) else Verb.LEAVE)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError as error:
        raise UnavailableError(f"{str(path)!r} is a folder where a file belongs") from error
    except OSError as error:
        raise UnavailableError(f"reading {str(path)!r}: {error.strerror}") from error


def merge(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Both changes in one text, or None where they touch the same lines."""
    from common.git import git

    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        for name, content in (("ours", ours), ("base", base), ("theirs", theirs)):
            (here / name).write_bytes(content)
        # In place, so that line endings and odd bytes of the person's file stay as they are.
        done = git("merge-file", "--quiet", "ours", "base", "theirs", cwd=here, check=False)
        return (here / "ours").read_bytes() if done.ok else None


def counted(changes: Iterable[Change]) -> dict[Verb, int]:
    """How many paths each verb has."""
    found: dict[Verb, int] = {}
    for one in changes:
        found[one.verb] = found.get(one.verb, 0) + 1
    return {verb: found[verb] for verb in Verb if verb in found}
