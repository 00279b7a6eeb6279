"""`hashFiles()`: one digest for the files that match."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def hash_files(workspace: Path, patterns: Iterable[Any]) -> str:
    """SHA-256 over the digests of the matching files of the workspace; empty without any."""
    root = workspace.resolve()
    found = {
        path
        for pattern in patterns
        for path in root.glob(str(pattern).strip("/"))
        if path.is_file() and path.resolve().is_relative_to(root)
    }
    if not found:
        return ""
    whole = hashlib.sha256()
    for path in sorted(found):
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
