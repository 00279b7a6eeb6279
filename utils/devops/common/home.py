"""Where this copy of the tools lives, and its own virtual environment. Standard library only."""

from __future__ import annotations

from pathlib import Path

HOME = Path(__file__).resolve().parents[3]
"""The folder that holds `utils/devops`: the toolkit, or a service repository that carries it."""

VENV = HOME / ".venv"

STAMP = ".requirements"
"""File in a virtual environment, written when its installation is complete."""
