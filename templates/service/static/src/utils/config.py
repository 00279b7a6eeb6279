"""Settings, read from the environment of the function."""

from __future__ import annotations

import os


class MissingSettingError(RuntimeError):
    """The function was deployed without a variable it needs."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"the environment variable {variable} is not set")


def setting(variable: str) -> str:
    """The value of a variable.

    Raises:
        MissingSettingError: It is not set, or empty.
    """
    value = os.environ.get(variable, "")
    if not value:
        raise MissingSettingError(variable)
    return value
