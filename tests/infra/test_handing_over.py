"""A release's bytes can be read by the next environment's pipeline, and by nobody else."""

from __future__ import annotations

import pytest

from common.environments import environment
from infra.handing_over import lower_of, readers, reading
from infra.roles import pipeline_roles

NAME = "2_bbws_auth_lambda"


@pytest.mark.parametrize(
    ("name", "lower"), [("dev", None), ("sit", "dev"), ("prod", "sit"), ("prod-dr", "sit")]
)
def test_what_is_promoted_comes_from_the_environment_below(name: str, lower: str | None) -> None:
    found = lower_of(environment(name))
    assert (found.name if found else None) == lower


@pytest.mark.parametrize(
    ("name", "who"), [("dev", ["sit"]), ("sit", ["prod", "prod-dr"]), ("prod", [])]
)
def test_a_bucket_is_read_by_the_pipelines_of_the_next_environment(
    name: str, who: list[str]
) -> None:
    patterns = [
        s["Condition"]["StringLike"]["aws:PrincipalArn"] for s in readers(environment(name))
    ]
    assert patterns == [
        f"arn:aws:iam::{environment(upper).account}:role/github-*-{upper}" for upper in who
    ]
    assert all("s3:PutObject" not in s["Action"] for s in readers(environment(name)))


def test_a_pipeline_reads_the_releases_of_its_own_repository_only() -> None:
    (role,) = pipeline_roles(environment("prod"), (f"bbws/{NAME}",))
    rows = {row["Sid"]: row for row in role.policy["Statement"] if "Sid" in row}
    assert rows["ReadWhatIsPromoted"]["Resource"] == f"arn:aws:s3:::bbws-artifacts-sit/{NAME}/*"
    assert rows["ReadWhatIsPromoted"]["Action"] == "s3:GetObject"
    assert reading(environment("dev"), NAME) == []
