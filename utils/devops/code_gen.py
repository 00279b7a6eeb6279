"""Generate a service's repository, or a part of it, from its design (Skill 3)."""

from __future__ import annotations

import common.bootstrap  # noqa: F401  # isort: split

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from common.boundary import Cli
from common.errors import ExitCode, UsageProblemError
from common.options import (
    EnvironmentType,
    F,
    aws_options,
    debug_option,
    lld_option,
    output_choice,
)
from common.output import emit, note, warn

if TYPE_CHECKING:
    from codegen.plan import Plan
    from common.environments import Environment


def format_option(command: F) -> F:
    """`-o/--format text|json`; here `--output` is a folder."""
    return click.option(
        "-o",
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Print the result for people, or as one JSON document.",
    )(command)


def generator_options(command: F) -> F:
    """What every generator takes: the design, the folder, and how far to go."""
    command = debug_option(format_option(command))
    command = click.option(
        "--dry-run", is_flag=True, help="Write nothing; list what would happen to each path."
    )(command)
    command = click.option(
        "--check", is_flag=True, help="Write nothing; exit 1 if anything would change."
    )(command)
    command = click.option(
        "--output",
        type=click.Path(path_type=Path),
        help="Folder of the repository.  [default: ./<repository of the design>]",
    )(command)
    return lld_option(command)


@click.group(cls=Cli)
def cli() -> None:
    """Generate a service's repository, or a part of it, from its design.

    A second run changes nothing. A changed design is merged with the edits people made; where both
    changed the same lines the person's file stays, the new text goes beside it as FILE.new, and the
    exit code is 1 until that file is gone.
    """


@cli.command()
@generator_options
def scaffold(**options: Any) -> int:
    """Write the whole repository: code, tests, build files and README.

    Example: code_gen.py scaffold --lld LLDs/2.1.4_LLD_Product_Lambda.md --output ../product
    """
    return _generate(None, **options)


@cli.command("lambda")
@generator_options
def lambda_(**options: Any) -> int:
    """Write the code of the functions: handlers, services, models, repositories.

    Example: code_gen.py lambda --lld LLDs/2.1.4_LLD_Product_Lambda.md --output ../product
    """
    return _generate(["lambda"], **options)


@cli.command()
@generator_options
def tests(**options: Any) -> int:
    """Write the tests, and the OpenAPI file that they hold each answer against.

    Example: code_gen.py tests --lld LLDs/2.1.4_LLD_Product_Lambda.md --output ../product
    """
    return _generate(["tests", "api"], **options)


@cli.command()
@generator_options
def docker(**options: Any) -> int:
    """Write the Dockerfile and what it leaves out.

    Example: code_gen.py docker --lld LLDs/2.1.4_LLD_Product_Lambda.md --output ../product
    """
    return _generate(["docker"], **options)


@cli.command()
@generator_options
def api(**options: Any) -> int:
    """Write the OpenAPI file of the service: routes, models, validators, who may call.

    Example: code_gen.py api --lld LLDs/2.1.4_LLD_Product_Lambda.md --output ../product
    """
    return _generate(["api"], **options)


@cli.command()
@generator_options
def terraform(**options: Any) -> int:
    """Write the infrastructure of the service.

    Example: code_gen.py terraform --lld LLDs/2.1.4_LLD_Product_Lambda.md --output ../product
    """
    return _generate(["terraform"], **options)


@cli.command()
@click.option("--hld", required=True, help="Number of the HLD: 3.1.")
@click.option("--name", required=True, help="Name of the component: Product_Lambda.")
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    show_default="this directory",
    help="Folder that holds HLDs and LLDs.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would be written.")
@format_option
@debug_option
def lld(hld: str, name: str, root: Path, dry_run: bool, form: str) -> None:
    """Draft a design below an HLD: the next free number, and its row in the HLD's table.

    Example: code_gen.py lld --hld 3.1 --name Product_Lambda
    """
    from datetime import UTC, datetime

    from codegen.new_design import draft_design, write_draft

    draft = draft_design(hld, name, root, today=datetime.now(UTC).date())
    if not dry_run:
        write_draft(draft)
    result = {"number": draft.number, "lld": str(draft.lld), "hld": str(draft.hld)}
    emit(result, form, lambda: f"create     {draft.lld}\nupdate     {draft.hld}")


@cli.command()
@lld_option
@click.option(
    "--repo",
    type=click.Path(path_type=Path),
    default=Path(),
    show_default="this directory",
    help="Folder of the service's repository.",
)
@click.option(
    "--env", type=EnvironmentType(), help="Compare with what is deployed there, too.  [default: no]"
)
@aws_options
@output_choice(
    "json",
    "markdown",
    about="Print what drifted, or all of it as one JSON document or a Markdown matrix.",
)
def drift(
    lld: Path,
    repo: Path,
    env: Environment | None,
    dr: bool,
    region: str | None,
    profile: str | None,
    output: str,
) -> int:
    """Compare a design with its repository, and with what is deployed; exit 1 when they differ.

    Each function, route, table, index, model, alarm and test scenario with its place in code,
    tests, Terraform and workflows; what is missing; what nobody designed. Nothing is changed.

    \b
    Examples:
      code_gen.py drift --lld ../LLDs/3.1.2_LLD_Auth_Lambda.md
      code_gen.py drift --lld ../LLDs/3.1.2_LLD_Auth_Lambda.md --env dev -o markdown
    """
    from codegen.drift.compare import Place, compare
    from codegen.drift.show import as_json, as_markdown, as_text
    from codegen.drift.trees import repository_tree
    from lld.parse import parse_file

    design = parse_file(lld)
    tree = repository_tree(repo)
    place = None
    if env:
        from codegen.drift.deployed import Account
        from common.accounts import open_session
        from common.environments import environment

        wanted = environment(env.name, dr=dr)
        opened = open_session(wanted, region=region, profile=profile)
        place = Place(wanted.name, Account(opened.session))
    elif dr or region or profile:
        raise UsageProblemError("--dr, --region and --profile go with --env")
    report = compare(design, tree, str(repo), place)
    render = as_markdown if output == "markdown" else as_text
    emit(as_json(report), output, lambda: render(report))
    return ExitCode.FAILED if report.drifted else ExitCode.DONE


def _generate(
    parts: list[str] | None,
    *,
    lld: Path,
    output: Path | None,
    form: str,
    check: bool,
    dry_run: bool,
) -> int:
    """Plan, say what is planned, and do it unless that was not asked for."""
    from codegen.plan import Verb
    from codegen.scaffold import plan_scaffold
    from codegen.views.service_view import repository_name
    from codegen.write import carry_out
    from lld.parse import parse_file

    design = parse_file(lld)
    plan = plan_scaffold(design, output or Path(repository_name(design)), parts)
    if not (check or dry_run):
        carry_out(plan)
    emit(_as_json(plan), form, lambda: _as_text(plan))
    for problem in design.problems:
        if problem.code == "secret_written":
            warn(f"{lld}, line {problem.line}: {problem.message}; it was not taken over")
            note(f"hint: {problem.fix}")
    for change in plan.conflicts:
        warn(f"{change.path}: both sides changed the same lines; see {change.path}.new")
    if any(one.verb is Verb.ABSENT for one in plan.changes):
        note("what was deleted by hand stays deleted (absent)")
    if plan.conflicts or (check and plan.changes_anything):
        return ExitCode.FAILED
    return ExitCode.DONE


def _as_json(plan: Plan) -> dict[str, Any]:
    from codegen.plan import counted

    return {
        "document": plan.baseline.document,
        "output": str(plan.root),
        "summary": {verb.value: number for verb, number in counted(plan.changes).items()},
        "files": [
            {"path": one.path, "verb": one.verb.value, "line": one.line} for one in plan.changes
        ],
    }


def _as_text(plan: Plan) -> str:
    from codegen.plan import counted

    lines = [f"{one.verb.value:<10} {one.path}" for one in plan.changes]
    total = ", ".join(f"{number} {verb.value}" for verb, number in counted(plan.changes).items())
    return "\n".join([*lines, "", f"{plan.root}: {total}"])


if __name__ == "__main__":
    # A short run that allocates much and throws nothing away: collecting only costs time.
    gc.disable()
    cli()
