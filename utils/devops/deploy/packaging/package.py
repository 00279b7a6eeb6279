"""One package for all functions of a service, the same bytes for the same commit.

Sources are the committed files under `src`; dependencies come as wheels for Lambda's platform, not
for this machine. Entries are sorted, dated 1980 and of one mode; what differs from machine to
machine (scripts, byte code, installer records) stays out.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import stat
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from common.errors import RefusedError, UnavailableError
from common.git import git
from common.process import run
from common.state import cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

PLATFORM = ("manylinux2014_aarch64", "manylinux_2_28_aarch64", "manylinux_2_17_aarch64")
PYTHON = "3.12"
MAX_UNZIPPED = 250 * 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LEFT_OUT = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
_DIST = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)\.dist-info")


@dataclass(frozen=True, slots=True)
class Package:
    """A built package: where it is, its digest as hexadecimal and as Lambda states it."""

    path: Path
    sha256: str
    size: int
    unzipped: int
    distributions: tuple[str, ...]

    @property
    def code_sha256(self) -> str:
        return lambda_digest(self.sha256)


def lambda_digest(sha256: str) -> str:
    """A hexadecimal SHA-256 as Lambda's `CodeSha256`."""
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def build(repository: Path, target: Path) -> Package:
    """Build the package of a repository's committed sources into the file `target`.

    Raises:
        RefusedError: The package would be larger than Lambda takes.
        UnavailableError: There are no sources, or a dependency has no wheel for the platform.
    """
    sources = _sources(repository)
    dependencies = _dependencies(repository)
    entries = {**_tree(dependencies), **{name: repository / name for name in sources}}
    unzipped = sum(path.stat().st_size for path in entries.values())
    if unzipped > MAX_UNZIPPED:
        raise _too_large(unzipped, entries)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_zip(target, entries)
    content = target.read_bytes()
    return Package(
        path=target,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        unzipped=unzipped,
        distributions=distributions(dependencies),
    )


def write_zip(target: Path, entries: dict[str, Path]) -> None:
    """Write files under their names; the bytes depend on names and contents only."""
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, entries[name].read_bytes())
    partial.replace(target)


def distributions(folder: Path) -> tuple[str, ...]:
    """`name==version` of what is installed in a folder."""
    found = (_DIST.fullmatch(path.name) for path in folder.glob("*.dist-info"))
    return tuple(sorted(f"{m['name']}=={m['version']}" for m in found if m))


def _sources(repository: Path) -> list[str]:
    answer = git("ls-files", "-z", "--", "src", cwd=repository)
    names = [name for name in answer.stdout.split("\0") if name]
    if not names:
        raise UnavailableError(
            f"no committed files under 'src' in {str(repository)!r}",
            hint="run this inside a service's repository",
        )
    return [name for name in names if not _is_noise(PurePosixPath(name))]


def _tree(folder: Path) -> dict[str, Path]:
    found = {}
    for root, names, files in os.walk(folder):
        names[:] = [name for name in names if name not in ("__pycache__", "bin")]
        for name in files:
            path = Path(root) / name
            relative = PurePosixPath(path.relative_to(folder).as_posix())
            if not _is_noise(relative):
                found[str(relative)] = path
    return found


def _is_noise(path: PurePosixPath) -> bool:
    records = path.parent.name.endswith(".dist-info") and path.name in _LEFT_OUT
    return records or "__pycache__" in path.parts or path.suffix == ".pyc"


def _dependencies(repository: Path) -> Path:
    """A folder with the requirements, installed once for each set of requirement files."""
    files = [repository / name for name in ("requirements.txt", "constraints.txt")]
    present = [path for path in files if path.is_file()]
    texts = [path.name.encode() + path.read_bytes() for path in present]
    key = hashlib.sha256(b"\0".join([*texts, "|".join(PLATFORM).encode(), PYTHON.encode()]))
    folder = cache_folder() / "packages" / key.hexdigest()[:24]
    if not folder.is_dir():
        _install(present, folder)
    return folder


def _install(files: list[Path], folder: Path) -> None:
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    if any(path.name == "requirements.txt" for path in files):
        run(
            _pip_words(files, partial),
            timeout=900,
            install="set up the tools with local_runner.py setup",
        )
    if not folder.is_dir():
        partial.replace(folder)
    shutil.rmtree(partial, ignore_errors=True)


def _pip_words(files: Iterable[Path], folder: Path) -> list[str | Path]:
    words: list[str | Path] = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"]
    words += ["--disable-pip-version-check", "--only-binary=:all:", "--implementation", "cp"]
    words += ["--python-version", PYTHON, "--target", folder]
    for platform in PLATFORM:
        words += ["--platform", platform]
    for path in files:
        words += ["--requirement" if path.name == "requirements.txt" else "--constraint", path]
    return words


def _too_large(unzipped: int, entries: dict[str, Path]) -> RefusedError:
    by_part: dict[str, int] = {}
    for name, path in entries.items():
        part = name.split("/", 1)[0]
        by_part[part] = by_part.get(part, 0) + path.stat().st_size
    largest = sorted(by_part.items(), key=lambda item: -item[1])[:5]
    shown = ", ".join(f"{name} {size / 1024**2:.0f} MB" for name, size in largest)
    return RefusedError(
        f"the package would be {unzipped / 1024**2:.0f} MB unpacked; "
        f"Lambda takes {MAX_UNZIPPED // 1024**2} MB",
        hint=f"largest parts: {shown}; remove what is not used, or deploy a container image",
    )
