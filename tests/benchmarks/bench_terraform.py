"""terraform_cli.py against bare Terraform on the same plan: at most 10 % + 0.5 s more.

python tests/benchmarks/bench_terraform.py [PAIRS]

A pair is the same work done both ways, one right after the other, in turns; the median of the
differences counts. Bare is what a careful person types: `terraform plan -out` and, to see what is
in it, `terraform show -json`; `terraform apply` of that file. Measured on a small configuration
(three resources of AWS) and on a generated service, against an AWS on loopback.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "utils" / "devops"), str(ROOT)]

from tests.support.aws_server import AwsServer, aws_server  # noqa: E402
from tests.support.terraform import terraform_environment  # noqa: E402
from tests.support.terraform_project import GIT, WITH_AWS, Project  # noqa: E402

from codegen.scaffold import scaffold  # noqa: E402
from lld.parse import parse_file  # noqa: E402

ACCOUNT = "536580886816"
DESIGN = ROOT / "templates" / "examples" / "9.1.1_LLD_Bookmark_Lambda.md"
RESOURCES = """
resource "aws_dynamodb_table" "items" {
  name         = "items"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "PK"
  attribute {
    name = "PK"
    type = "S"
  }
  point_in_time_recovery { enabled = true }
  server_side_encryption { enabled = true }
}
resource "aws_sns_topic" "events" { name = "events" }
resource "aws_sqs_queue" "work" { name = "work" }
"""
VARIABLES = f'environment = "dev"\naccount_id = "{ACCOUNT}"\nregion = "eu-west-1"\n'
ARTIFACT = ("-var=artifact_key=x.zip", "-var=artifact_sha256=" + "0" * 43 + "=")


@dataclass(frozen=True)
class Way:
    """One way of doing the same work."""

    name: str
    do: Callable[[], None]


def seconds(do: Callable[[], None]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def paired(label: str, pairs: int, bare: Way, tool: Way) -> None:
    """Measure in turns, the first of each pair changing; print what the difference is worth."""
    rows = []
    for number in range(pairs):
        order = (bare, tool) if number % 2 else (tool, bare)
        found = {way.name: seconds(way.do) for way in order}
        rows.append((found[bare.name], found[tool.name]))
    plain, ours = median(row[0] for row in rows), median(row[1] for row in rows)
    more = median(row[1] - row[0] for row in rows)
    allowed = 0.1 * plain + 0.5
    verdict = "within" if more <= allowed else "OVER"
    print(
        f"{label:34} bare {plain:6.2f} s   tool {ours:6.2f} s   difference {more:+.2f} s   "
        f"allowed {allowed:.2f} s   {verdict}"
    )


def project(folder: Path, server: AwsServer, name: str, fill: Callable[[Path], None]) -> Project:
    """A repository with a remote, initialised."""
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "NO_COLOR": "1",
        **server.environment(),
        **terraform_environment(),
        **GIT,
    }
    made = Project(folder / name / f"2_bbws_{name}_lambda", server, "dev", variables)
    made.root.mkdir(parents=True)
    fill(made.root)
    (made.root / ".gitignore").write_text(".terraform/\n")
    origin = folder / f"{made.root.name}.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(origin)], check=True)
    made.git("init", "-q", "-b", "main")
    made.git("remote", "add", "origin", str(origin))
    made.ok("bootstrap")
    made.ok("init")
    made.git("add", "-A")
    made.git("commit", "-qm", "feat: service")
    made.git("push", "-q", "origin", "HEAD:main")
    return made


def small(root: Path) -> None:
    (root / "terraform" / "environments").mkdir(parents=True)
    (root / "terraform" / "main.tf").write_text(WITH_AWS + RESOURCES)
    (root / "terraform" / "environments" / "dev.tfvars").write_text(VARIABLES)


def generated(root: Path) -> None:
    scaffold(parse_file(DESIGN), root)


def terraform(made: Project, *words: str) -> None:
    """Bare Terraform in the very working folder that the tool prepared."""
    answer = subprocess.run(
        ["terraform", *words],
        cwd=made.terraform,
        env={
            **made.variables,
            "TF_DATA_DIR": str(made.terraform / ".terraform" / "dev"),
            "AWS_REGION": "eu-west-1",
            "CHECKPOINT_DISABLE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout[-2000:] + answer.stderr[-2000:]


def measure(made: Project, label: str, pairs: int, *extra: str) -> None:
    variables = ("-var-file=environments/dev.tfvars", *extra)
    plan = str(made.terraform / ".terraform" / "bare.tfplan")

    def bare() -> None:
        terraform(made, "plan", "-input=false", f"-out={plan}", *variables)

    def bare_shown() -> None:
        bare()
        terraform(made, "show", "-json", plan)

    tool = Way("tool", lambda: _ours(made, "plan", extra))
    paired(f"{label}: plan, and show it", pairs, Way("bare", bare_shown), tool)
    paired(f"{label}: plan alone", pairs, Way("bare", bare), tool)


def _ours(made: Project, command: str, extra: tuple[str, ...]) -> None:
    variables = {f"TF_VAR_{k}": v for k, _, v in (word[5:].partition("=") for word in extra)}
    made.ok(command, **variables)


def measure_apply(made: Project, pairs: int) -> None:
    """The same change applied both ways; each is planned before the clock starts."""
    plan = str(made.terraform / ".terraform" / "bare.tfplan")
    rows = []
    made.ok("plan")
    made.ok("apply")
    for number in range(pairs * 2):
        with_tool = number % 2 == 0
        content = WITH_AWS + RESOURCES.replace('name = "events"', f'name = "events-{number}"')
        made.write(content)
        if with_tool:
            made.ok("plan")
            rows.append(["tool", seconds(lambda: made.ok("apply"))])
        else:
            variables = "-var-file=environments/dev.tfvars"
            terraform(made, "plan", "-input=false", f"-out={plan}", variables)
            rows.append(["bare", seconds(lambda: terraform(made, "apply", plan))])
    found = {name: median(r[1] for r in rows if r[0] == name) for name in ("bare", "tool")}
    more, allowed = found["tool"] - found["bare"], 0.1 * found["bare"] + 0.5
    print(
        f"{'small: apply':34} bare {found['bare']:6.2f} s   tool {found['tool']:6.2f} s   "
        f"difference {more:+.2f} s   allowed {allowed:.2f} s   "
        f"{'within' if more <= allowed else 'OVER'}"
    )


def main(pairs: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-terraform-"))
    try:
        with aws_server(ACCOUNT, folder) as server:
            tiny = project(folder, server, "small", small)
            measure(tiny, "small", pairs)
            measure_apply(tiny, pairs)
            service = project(folder, server, "bookmark", generated)
            measure(service, "generated service", pairs, *ARTIFACT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
