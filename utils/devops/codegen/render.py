"""Templates to text: sandboxed Jinja, where every undefined value is an error.

Design values reach a template only through the filters of `codegen.quoting`, which quote them for
the language they land in; no text of a design is ever compiled as a template.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codegen import quoting
from codegen.naming import article, plural

if TYPE_CHECKING:
    from jinja2 import BytecodeCache
    from jinja2.sandbox import SandboxedEnvironment

TEMPLATES = Path(__file__).resolve().parents[3] / "templates" / "service"


def render(template: str, **values: Any) -> str:
    """The text of a template of `templates/service`."""
    return environment().get_template(template).render(**values)


@lru_cache(maxsize=1)
def environment() -> SandboxedEnvironment:
    """The one environment; compiled templates are kept for later runs where that is possible."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    found = SandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        # This makes source code, not HTML: each value is quoted by a filter for its language.
        autoescape=False,  # nosec B701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=template_cache(TEMPLATES),
    )
    found.filters.update(
        {
            "py": quoting.py_str,
            "value": quoting.py_value,
            "doc": quoting.docstring,
            "sentence": quoting.sentence,
            "line": quoting.one_line,
            "md": quoting.markdown,
            "mdcode": quoting.markdown_code,
            "toml": quoting.toml_str,
            "yaml": quoting.yaml_str,
            "shell": quoting.shell,
            "plural": plural,
            "article": article,
        }
    )
    found.globals.update(
        {
            "bracketed": quoting.bracketed,
            "imports": quoting.imports,
            "tuple_of": quoting.py_tuple,
        }
    )
    return found


def template_cache(templates: Path) -> BytecodeCache | None:
    """Where compiled templates of a folder are kept; None when no safe place is found.

    The place is the user's own and closed to others, since what is in it gets executed.
    """
    from jinja2 import FileSystemBytecodeCache

    base = os.environ.get("XDG_CACHE_HOME")
    root = Path(base) if base else Path(tempfile.gettempdir())
    owner = os.getuid() if hasattr(os, "getuid") else 0
    name = hashlib.sha256(f"{templates}:{owner}".encode()).hexdigest()[:16]
    folder = root / f"bbws-templates-{name}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not found.st_mode & 0o077
    return FileSystemBytecodeCache(str(folder)) if private else None
