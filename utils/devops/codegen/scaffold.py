"""Generate a repository from a design, or a part of one: render, compare, write.

Stages, each with its own module: `views.service_view` (names and decisions), `parts` (text), `plan`
(comparison, no writes), `write` (staged, then moved into place).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.baseline import read_baseline
from codegen.parts import PARTS
from codegen.plan import PartFiles, Plan, make_plan
from codegen.secrecy import without_secrets
from codegen.tools import toolkit_version
from codegen.views.service_view import ServiceView, view_service
from codegen.write import carry_out, check_output
from common.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lld.model import Design


def scaffold(design: Design, root: Path, parts: Sequence[str] | None = None) -> Plan:
    """Generate into `root`; returns what happened to each path.

    Raises:
        RefusedError: The folder is neither empty nor generated, or a path would leave it.
        UnavailableError: The folder cannot be written, its baseline is damaged, or the design
            states nothing to build.
    """
    plan = plan_scaffold(design, root, parts)
    carry_out(plan)
    return plan


def plan_scaffold(design: Design, root: Path, parts: Sequence[str] | None = None) -> Plan:
    """What `scaffold` would do; writes nothing."""
    if not (design.functions or design.endpoints or design.tables or design.models):
        raise UnavailableError(
            f"{design.document!r} states nothing to build: no function, endpoint, table or model",
            hint="lld_parser.py validate --lld FILE says what is missing",
        )
    before = read_baseline(root)
    check_output(root, is_generated=before is not None)
    return make_plan(
        root,
        render_parts(view_service(without_secrets(design)), parts),
        before,
        toolkit=toolkit_version(),
        document=design.document,
    )


def render_parts(view: ServiceView, parts: Sequence[str] | None = None) -> list[PartFiles]:
    """The files of these parts; of all parts by default."""
    names = list(PARTS) if parts is None else list(parts)
    return [PartFiles(name, tuple(PARTS[name](view))) for name in names]
