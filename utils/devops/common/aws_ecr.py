"""ECR: images by their digest. Tags move, so nobody is asked for one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from common.aws_call import AwsError, Caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from boto3 import Session

_ABSENT = ("ImageNotFoundException", "RepositoryNotFoundException")


class ImageStore:
    """The registry of one account and region."""

    def __init__(self, session: Session, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._call = Caller(session, "ecr", sleep=sleep)

    def size(self, repository: str, sha256: str) -> int | None:
        """Bytes of the image with this digest (hexadecimal), or None where there is none."""
        try:
            answer = self._call(
                "describe_images",
                repositoryName=repository,
                imageIds=[{"imageDigest": f"sha256:{sha256}"}],
            )
        except AwsError as error:
            if error.reason in _ABSENT:
                return None
            raise
        found = answer["imageDetails"]
        return int(found[0].get("imageSizeInBytes") or 0) if found else None
