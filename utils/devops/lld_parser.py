"""Reads low-level designs (Skills 2 and 15): facts, API, models, completeness, numbering."""

from __future__ import annotations

import common.bootstrap  # noqa: F401

from pathlib import Path

import click

from common.boundary import Cli
from common.errors import ExitCode, UsageProblemError
from common.options import lld_option, output_options
from common.output import emit


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


@cli.command("extract-api")
@lld_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "json", "markdown"]),
    default="yaml",
    show_default=True,
    help="OpenAPI 3.1 as YAML or JSON, or a Markdown table of the endpoints.",
)
@output_options
def extract_api(lld: Path, form: str, output: str) -> None:
    """Write the API of a design as OpenAPI 3.1, with schemas, examples, security and integrations.

    Example: lld_parser.py extract-api --lld LLDs/3.1.2_LLD_Auth_Lambda.md > openapi.yaml
    """
    import json

    from lld.openapi import as_markdown, as_yaml, openapi
    from lld.parse import parse_file

    design = parse_file(lld)
    document = openapi(design)

    def render() -> str:
        if form == "markdown":
            return as_markdown(design)
        if form == "json":
            return json.dumps(document, ensure_ascii=False, indent=2)
        return as_yaml(document).rstrip("\n")

    emit(document, output, render)


@cli.command("extract-models")
@lld_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["pydantic", "json-schema", "table"]),
    default="pydantic",
    show_default=True,
    help="Pydantic 2 source, JSON Schema, or Markdown tables.",
)
@output_options
def extract_models(lld: Path, form: str, output: str) -> None:
    """Write the data models of a design as Pydantic source, JSON Schema or tables.

    Example: lld_parser.py extract-models --lld LLDs/3.1.2_LLD_Auth_Lambda.md > models.py
    """
    import json

    from lld.models_source import json_schema, pydantic_source, table
    from lld.parse import parse_file

    design = parse_file(lld)

    def render() -> str:
        if form == "table":
            return table(design)
        if form == "json-schema":
            return json.dumps(json_schema(design), ensure_ascii=False, indent=2)
        return pydantic_source(design).rstrip("\n")

    emit(json_schema(design) if output == "json" else None, output, render)


@cli.command()
@click.option(
    "--lld",
    type=click.Path(path_type=Path),
    default=Path("LLDs"),
    show_default=True,
    help="One design, or a folder of designs.",
)
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@click.option(
    "--checklist",
    is_flag=True,
    help="Print what to implement as a Markdown checklist (one design).",
)
@output_options
def validate(lld: Path, strict: bool, checklist: bool, output: str) -> int:
    """Check that designs are complete and consistent, and say what to write instead.

    Exits 1 when there are errors (with --strict: or warnings). A folder is also checked for numbers
    used twice, and for parent HLDs, their versions and their lists of LLDs.

    Example: lld_parser.py validate --lld ./LLDs --strict
    """
    from lld.folder import validate_file, validate_folder
    from lld.summary import report_text, reports_json, reports_text

    if lld.is_dir():
        if checklist:
            raise UsageProblemError(
                "--checklist is about one design", hint="give the file of one design with --lld"
            )
        reports = validate_folder(lld)
        if not reports:
            raise UsageProblemError(
                f"no design in folder {str(lld)!r}", hint="designs are named <number>_LLD_<Name>.md"
            )
        emit(reports_json(reports), output, lambda: reports_text(reports))
        passed = all(report.passes(strict=strict) for report in reports)
    else:
        from lld.checklist import checklist as write_checklist

        design, report = validate_file(lld)
        text = write_checklist(design, report) if checklist else None
        emit(reports_json([report], text), output, lambda: text or report_text(report))
        passed = report.passes(strict=strict)
    return ExitCode.DONE if passed else ExitCode.FAILED


@cli.command("next-number")
@click.option("--hld-prefix", required=True, help="Number of the parent HLD, such as 3.1.")
@click.option(
    "--lld-dir",
    type=click.Path(path_type=Path),
    default=Path("LLDs"),
    show_default=True,
    help="Folder of the designs.",
)
@output_options
def next_number(hld_prefix: str, lld_dir: Path, output: str) -> None:
    """Print the next free LLD number below an HLD, whole: 3.1.5.

    A number once used stays used: files in the folder, git's history of it and the HLD's own table
    all count.

    Example: lld_parser.py next-number --hld-prefix 3.1
    """
    from lld.hierarchy import next_number as find_next

    number = find_next(hld_prefix, lld_dir)
    emit({"number": number, "hld_prefix": hld_prefix}, output, lambda: number)


if __name__ == "__main__":
    cli()
