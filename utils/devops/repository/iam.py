"""The IAM role of an environment: reading and setting who may assume it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from common.errors import UnavailableError

if TYPE_CHECKING:
    from common.accounts import ValidatedSession


class Roles:
    """The roles of one validated account, as far as they are for one repository.

    `repository` is `OWNER/NAME`, with ids where GitHub's tokens carry them.
    """

    def __init__(self, session: ValidatedSession, repository: str) -> None:
        self._session = session
        self._repository = repository

    def trust(self, role: str) -> dict[str, Any]:
        """The trust policy of a role.

        Raises:
            UnavailableError: There is no such role, or it may not be read.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._iam().get_role(RoleName=role)
        except (ClientError, BotoCoreError) as error:
            raise self._failure(role, error) from error
        document: Any = answer["Role"]["AssumeRolePolicyDocument"]
        loaded: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
        return loaded

    def set_trust(self, role: str, document: dict[str, Any]) -> None:
        """Replace the trust policy of a role, and read it back.

        Raises:
            UnavailableError: It was not set.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._iam().update_assume_role_policy(
                RoleName=role, PolicyDocument=json.dumps(document)
            )
        except (ClientError, BotoCoreError) as error:
            raise self._failure(role, error) from error
        if self.trust(role) != document:
            raise UnavailableError(f"the trust policy of {role!r} reads back differently")

    def _iam(self) -> Any:
        return self._session.session.client("iam")

    def _failure(self, role: str, error: Exception) -> UnavailableError:
        env = self._session.environment
        hint = f"terraform_cli.py bootstrap --env {env.name} --repository {self._repository}"
        return UnavailableError(f"role {role!r} in account {env.account}: {error}", hint=hint)
