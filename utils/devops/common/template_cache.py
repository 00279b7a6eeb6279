"""Compiled templates are kept between runs: compiling them costs more than rendering them.

A cache decides how long work takes, never whether it gets done: an entry that cannot be read is
compiled again, one that cannot be written is done without.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from common.home import HOME

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import BytecodeCache
    from jinja2.bccache import Bucket


def template_cache(templates: Path) -> BytecodeCache | None:
    """Where compiled templates of a folder are kept; None when no safe place is found.

    The place is the checkout's own `.cache`, closed to others, since what is in it gets executed.
    """
    folder = HOME / ".cache" / "templates" / templates.name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    owner = os.getuid() if hasattr(os, "getuid") else found.st_uid
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not found.st_mode & 0o077
    return forgiving_cache(folder) if private else None


def forgiving_cache(folder: Path) -> BytecodeCache:
    """A cache in a folder that may be read-only, full, or hold entries that are broken."""
    from jinja2 import FileSystemBytecodeCache

    class Forgiving(FileSystemBytecodeCache):
        def load_bytecode(self, bucket: Bucket) -> None:
            try:
                super().load_bytecode(bucket)
            except Exception:  # what a damaged pickle raises has no common class
                bucket.reset()

        def dump_bytecode(self, bucket: Bucket) -> None:
            with suppress(OSError):
                super().dump_bytecode(bucket)

    return Forgiving(str(folder))
