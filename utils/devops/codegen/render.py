"""Templates to text: sandboxed Jinja, where every undefined value is an error.

Design values reach a template only through the filters of `codegen.quoting`, which quote them for
the language they land in; no text of a design is ever compiled as a template.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codegen import quoting
from codegen.naming import article, plural
from common.template_cache import template_cache

if TYPE_CHECKING:
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
