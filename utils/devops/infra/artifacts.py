"""The built code a plan refers to: local files and objects in S3, with the digest they have now.

Terraform looks at them again when it applies, which may be another day on another machine: what is
there then has to be what was there when the plan was reviewed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.aws_call import AwsError, Caller
from common.errors import UsageProblemError
from infra.source import file_sha256

if TYPE_CHECKING:
    from boto3 import Session

MISSING = "missing"
_FILES = {
    "aws_lambda_function": "filename",
    "aws_lambda_layer_version": "filename",
    "aws_s3_object": "source",
}

Artifacts = tuple[tuple[str, str], ...]


def named_in(shown: Mapping[str, Any]) -> set[str]:
    """The files (relative to the configuration) and `s3://` objects a plan will read."""
    names = set()
    for raw in shown.get("resource_changes") or ():
        change = raw.get("change") or {}
        after = change.get("after")
        if not isinstance(after, dict) or change.get("actions") in (["no-op"], ["read"]):
            continue
        if file := after.get(_FILES.get(raw["type"], "")):
            names.add(str(file))
        if raw["type"].startswith("aws_lambda_") and after.get("s3_key"):
            names.add(f"s3://{after.get('s3_bucket')}/{after['s3_key']}")
    return names


def relative(paths: Iterable[Path], folder: Path) -> set[str]:
    """Paths given on the command line, as the record keeps them.

    Raises:
        UsageProblemError: One does not exist.
    """
    for path in paths:
        if not path.is_file():
            raise UsageProblemError(
                f"there is no artifact {str(path)!r}", hint="build it before the plan"
            )
    return {os.path.relpath(path.resolve(), folder) for path in paths}


def digests(names: Iterable[str], folder: Path, session: Session) -> Artifacts:
    """Each artifact with its digest as of now."""
    s3: list[Caller] = []
    found = []
    for name in sorted(names):
        if name.startswith("s3://"):
            s3 = s3 or [Caller(session, "s3")]
            found.append((name, _object_digest(s3[0], name)))
        else:
            found.append((name, file_sha256(folder / name) or MISSING))
    return tuple(found)


def _object_digest(s3: Caller, name: str) -> str:
    bucket, _, key = name.removeprefix("s3://").partition("/")
    try:
        head = s3("head_object", Bucket=bucket, Key=key)
    except AwsError as error:
        if error.reason in {"404", "NoSuchKey", "NotFound", "NoSuchBucket"}:
            return MISSING
        raise
    return f"etag:{str(head['ETag']).strip(chr(34))}"
