"""API Gateway (REST): which deployment a stage shows, and snapshots to go back to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from common.aws_call import AwsError, Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boto3 import Session


class RestApis:
    """The REST APIs of one account and region."""

    def __init__(self, session: Session, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._call = Caller(session, "apigateway", sleep=sleep)

    def shown(self, api: str, stage: str) -> str | None:
        """The deployment that the stage shows, or None without such a stage."""
        try:
            answer = self._call("get_stage", restApiId=api, stageName=stage)
        except AwsError as error:
            if error.is_missing:
                return None
            raise
        return str(answer["deploymentId"])

    def ensure_snapshot(self, api: str, description: str) -> str:
        """A deployment of the API as it is, found again by its description (idempotent)."""
        existing = self._find(api, description)
        if existing:
            return existing
        try:
            answer = self._call(
                "create_deployment", repeatable=False, restApiId=api, description=description
            )
        except AwsError as error:
            found = self._find(api, description) if error.uncertain else None
            if found is None:
                raise
            return found
        return str(answer["id"])

    def show(self, api: str, stage: str, deployment: str) -> None:
        """Let the stage show a deployment."""
        operation = {"op": "replace", "path": "/deploymentId", "value": deployment}
        self._call("update_stage", restApiId=api, stageName=stage, patchOperations=[operation])

    def tagged(self, tags: Mapping[str, str]) -> list[tuple[str, str]]:
        """Id and name of each API that carries all the tags."""
        return [
            (str(row["id"]), str(row["name"]))
            for row in self._call.pages("get_rest_apis", "items")
            if tags.items() <= (row.get("tags") or {}).items()
        ]

    def stages(self, api: str) -> list[str]:
        """Names of an API's stages."""
        answer = self._call("get_stages", restApiId=api)
        return sorted(str(row["stageName"]) for row in answer.get("item", []))

    def _find(self, api: str, description: str) -> str | None:
        rows = self._call.pages("get_deployments", "items", restApiId=api)
        return next((str(r["id"]) for r in rows if r.get("description") == description), None)
