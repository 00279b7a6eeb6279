"""Compiled templates are kept between runs: compiling them costs more than rendering them."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from common.home import HOME

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import BytecodeCache


def template_cache(templates: Path) -> BytecodeCache | None:
    """Where compiled templates of a folder are kept; None when no safe place is found.

    The place is the checkout's own `.cache`, closed to others, since what is in it gets executed.
    """
    from jinja2 import FileSystemBytecodeCache

    folder = HOME / ".cache" / "templates" / templates.name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    owner = os.getuid() if hasattr(os, "getuid") else found.st_uid
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not found.st_mode & 0o077
    return FileSystemBytecodeCache(str(folder)) if private else None
