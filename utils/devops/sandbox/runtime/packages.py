"""Deployed code on disk: unpacked once for each digest, with compiled parts for this machine.

Packages are built for Lambda's platform. Where a distribution in one holds compiled modules that
this machine cannot load, the same version of it, built for here, is laid over the package.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.runtime.deployed import Deployed, Package
    from sandbox.runtime.interpreters import Interpreter

_TAG = re.compile(r"^Tag: (\S+)-(\S+)-(\S+)$", re.MULTILINE)
_NAMED = re.compile(r"^(Name|Version): (\S+)$", re.MULTILINE)


class UnpackError(Exception):
    """The deployed bytes are no package that could run."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Where a function's code is: its root, and the folders to import from, in order."""

    root: Path
    path: tuple[Path, ...]
    notes: tuple[str, ...] = ()


class Packages:
    """Unpacked packages below one folder, shared by all functions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def unpack(self, deployed: Deployed, python: Interpreter) -> Unpacked:
        """Put the function's code and layers on disk.

        Raises:
            UnpackError: It is not a zip file.
        """
        with self._lock:
            root = self._extracted(deployed.package)
            layers = [self._extracted(layer) for layer in deployed.layers]
            overlay, notes = self._overlay(root, deployed.package.sha256, python)
        number = f"python{python.version[0]}.{python.version[1]}"
        inside = [
            layer / part
            for layer in layers
            for part in (f"python/lib/{number}/site-packages", "python")
        ]
        folders = [*([overlay] if overlay else []), root, *inside]
        return Unpacked(root, tuple(path for path in folders if path.is_dir()), notes)

    def _extracted(self, package: Package) -> Path:
        name = re.sub(r"[^A-Za-z0-9]", "_", package.sha256)
        target = self._folder / name
        if target.is_dir():
            return target
        self._folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
                archive.extractall(staging)
        except (zipfile.BadZipFile, OSError) as error:
            shutil.rmtree(staging, ignore_errors=True)
            raise UnpackError(f"the deployed package cannot be unpacked: {error}") from error
        staging.rename(target)
        return target

    def _overlay(
        self, root: Path, sha256: str, python: Interpreter
    ) -> tuple[Path | None, tuple[str, ...]]:
        foreign = [name for name in _compiled(root) if not _loads(name, python)]
        if not foreign:
            return None, ()
        number = "".join(map(str, python.version))
        target = self._folder / f"{re.sub(r'[^A-Za-z0-9]', '_', sha256)}-cp{number}"
        notes = tuple(f"{item.name} {item.version} built for this machine" for item in foreign)
        if target.is_dir():
            return target, notes
        staging = Path(tempfile.mkdtemp(dir=self._folder))
        failed = [note for item in foreign if (note := _lay_over(item, staging, python))]
        if failed:
            shutil.rmtree(staging, ignore_errors=True)
            return None, tuple(failed)
        staging.rename(target)
        return target, notes


@dataclass(frozen=True, slots=True)
class _Distribution:
    name: str
    version: str
    tags: tuple[tuple[str, str, str], ...]


def _compiled(root: Path) -> Iterator[_Distribution]:
    for wheel in sorted(root.glob("*.dist-info/WHEEL")):
        tags = tuple(_TAG.findall(wheel.read_text(encoding="utf-8", errors="replace")))
        described = wheel.with_name("METADATA")
        if not tags or all(platform == "any" for _, _, platform in tags) or not described.exists():
            continue
        text = described.read_text(encoding="utf-8", errors="replace")
        named = dict(reversed(_NAMED.findall(text)))
        yield _Distribution(named.get("Name", ""), named.get("Version", ""), tags)


def _loads(item: _Distribution, python: Interpreter) -> bool:
    number = f"cp{python.version[0]}{python.version[1]}"
    system, _, machine = python.platform.replace("-", "_").partition("_")
    return any(
        (interpreter == number or (abi == "abi3" and interpreter.startswith("cp3")))
        and ("linux" in platform) == (system == "linux")
        and platform.endswith(machine)
        for interpreter, abi, platform in item.tags
    )


def _lay_over(item: _Distribution, folder: Path, python: Interpreter) -> str | None:
    """Put the distribution into `folder`; the reason when that is not possible."""
    if python.version == sys.version_info[:2] and _copied(item, folder):
        return None
    words = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    words += ["--no-deps", "--only-binary", ":all:", "--target", str(folder)]
    words += [
        "--python-version",
        ".".join(map(str, python.version)),
        f"{item.name}=={item.version}",
    ]
    try:
        subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    except (OSError, subprocess.SubprocessError):
        return f"{item.name} {item.version} is for another platform; pip found none for this one"
    return None


def _copied(item: _Distribution, folder: Path) -> bool:
    """Copy it from this environment, where the very same version is installed."""
    try:
        here = metadata.distribution(item.name)
    except metadata.PackageNotFoundError:
        return False
    if here.version != item.version or not here.files:
        return False
    for name in here.files:
        if ".." in name.parts or name.suffix == ".pyc":
            continue
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(str(here.locate_file(name)), target)
    return True
