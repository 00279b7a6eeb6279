"""Real Terraform for tests: the binary, and a provider mirror on this machine found by search."""

from __future__ import annotations

import os
import platform
import pwd
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

_HOME = Path(pwd.getpwuid(os.getuid()).pw_dir)
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_CONFIG = os.environ.get("TF_CLI_CONFIG_FILE")
_CACHE = os.environ.get("TF_PLUGIN_CACHE_DIR")
_INIT_WORDS = os.environ.get("TF_CLI_ARGS_init", "")  # noqa: SIM112 - its real name


def _named_roots() -> Iterator[Path]:
    """Folders that the machine's own settings name."""
    for found in re.findall(r"-plugin-dir=(\S+)", _INIT_WORDS):
        yield Path(found)
    if _CACHE:
        yield Path(_CACHE)
    for config in (Path(_CONFIG) if _CONFIG else None, _HOME / ".terraformrc"):
        if config and config.is_file():
            text = config.read_text(encoding="utf-8")
            yield from map(Path, re.findall(r'(?:path|plugin_cache_dir)\s*=\s*"([^"]+)"', text))


def _usual_roots() -> Iterator[Path]:
    """Folders that Terraform itself, or whoever prepares a machine, uses for mirrors."""
    yield _HOME / ".terraform.d" / "plugins"
    yield _HOME / ".terraform.d" / "plugin-cache"
    for parent in ("/usr/local/share", "/usr/share", "/var/lib", "/opt", "/srv"):
        for pattern in ("terraform*", "tf*", "*terraform*", "terraform*/plugins", "terraform*/*"):
            yield from sorted(Path(parent).glob(pattern))


@cache
def provider_mirror(provider: str = "hashicorp/aws") -> Path | None:
    """A folder for `-plugin-dir` with the provider for this machine; None if there is none."""
    target = f"{platform.system().lower()}_{_ARCHITECTURES.get(platform.machine().lower(), '?')}"
    pattern = f"registry.terraform.io/{provider}/*/{target}/terraform-provider-*"
    for root in (*_named_roots(), *_usual_roots()):
        if root.is_dir() and next(root.glob(pattern), None):
            return root
    return None


def terraform_environment(provider: str = "hashicorp/aws") -> dict[str, str]:
    """Variables that make Terraform take its providers from the mirror; skips where none is."""
    mirror = provider_mirror(provider)
    if shutil.which("terraform") is None or mirror is None:
        pytest.skip(f"needs terraform and a mirror with {provider}")
    return {"TF_CLI_ARGS_init": f"-plugin-dir={mirror}", "CHECKPOINT_DISABLE": "1"}
