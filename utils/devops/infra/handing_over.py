"""How a release's bytes get from one account into the next: read there, by the next one's pipeline.

The bucket lets the pipelines' roles of the next environment read, and those roles may do so: alone,
neither is enough between two accounts. Listing goes with it: without, S3 answers "forbidden" for
what is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.environments import FAILOVER, environments

if TYPE_CHECKING:
    from common.environments import Environment

_ACTIONS = ["s3:GetObject", "s3:ListBucket"]


def lower_of(environment: Environment) -> Environment | None:
    """The environment whose releases are promoted to this one."""
    main = {twin: name for name, twin in FAILOVER.items()}.get(environment.name, environment.name)
    return environments().get(environments()[main].promotes_from or "")


def readers(environment: Environment) -> list[dict[str, Any]]:
    """Statements of the artifact bucket's policy: one for each environment above."""
    bucket = f"arn:aws:s3:::{environment.artifact_bucket}"
    return [
        {
            "Sid": f"ReadBy{upper.name.title().replace('-', '')}",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{upper.account}:root"},
            "Action": _ACTIONS,
            "Resource": [bucket, f"{bucket}/*"],
            "Condition": {
                "StringLike": {
                    "aws:PrincipalArn": f"arn:aws:iam::{upper.account}:role/github-*-{upper.name}"
                }
            },
        }
        for upper in environments().values()
        if (lower := lower_of(upper)) is not None and lower.name == environment.name
    ]


def reading(environment: Environment, name: str) -> list[dict[str, Any]]:
    """Statements of a role: the releases of its own repository in the environment below."""
    lower = lower_of(environment)
    if lower is None:
        return []
    bucket = f"arn:aws:s3:::{lower.artifact_bucket}"
    return [
        {
            "Sid": "ReadWhatIsPromoted",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": f"{bucket}/{name}/*",
        },
        {
            "Sid": "FindWhatIsPromoted",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": bucket,
        },
    ]
