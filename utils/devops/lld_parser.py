"""Reads low-level designs (Skills 2 and 15): facts, API, models, completeness, numbering."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from common.boundary import Cli
from common.options import lld_option, output_options
from common.output import emit

if TYPE_CHECKING:
    from pathlib import Path


@click.group(cls=Cli)
def cli() -> None:
    """Read low-level designs: facts, API, data models, completeness and numbering.

    A path that does not exist is a usage error (2); a file that cannot be read as a design is 4.
    """


@cli.command()
@lld_option
@output_options
def parse(lld: Path, output: str) -> None:
    """Read everything a design states, each fact with its line.

    A real but poor design exits 0, with what is wrong listed as problems.

    Example: lld_parser.py parse --lld LLDs/3.1.2_LLD_Auth_Lambda.md
    """
    from lld.parse import parse_file
    from lld.summary import as_json, as_text

    design = parse_file(lld)
    emit(as_json(design) if output == "json" else None, output, lambda: as_text(design))


if __name__ == "__main__":
    cli()
