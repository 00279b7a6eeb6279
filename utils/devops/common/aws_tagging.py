"""The resources of a service, found by their tags."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from common.aws_call import Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boto3 import Session


class Tags:
    """The tagged resources of one account and region."""

    def __init__(self, session: Session, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._call = Caller(session, "resourcegroupstaggingapi", sleep=sleep)

    def find(self, kind: str, tags: Mapping[str, str]) -> list[str]:
        """ARNs of the resources of a kind (such as `lambda:function`) that carry all the tags."""
        filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
        rows = self._call.pages(
            "get_resources",
            "ResourceTagMappingList",
            ResourceTypeFilters=[kind],
            TagFilters=filters,
        )
        return sorted(str(row["ResourceARN"]) for row in rows)
