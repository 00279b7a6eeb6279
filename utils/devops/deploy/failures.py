"""How a deployment can end other than well, as errors a command shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import FailedError

if TYPE_CHECKING:
    from deploy.canary.judgement import Judgement
    from deploy.model import Deployment


class RejectedError(FailedError):
    """The judgement of a weight was no pass, or a smoke test failed."""

    code = "rejected"

    def __init__(self, message: str, judgement: Judgement | None = None) -> None:
        super().__init__(message)
        self.judgement = judgement


class RolledBackError(FailedError):
    """The deployment failed and was rolled back."""

    code = "rolled-back"

    def __init__(self, deployment: Deployment) -> None:
        hint = f"incident {deployment.incident}" if deployment.incident else None
        super().__init__(
            f"{deployment.service} {deployment.version} was rolled back in "
            f"{deployment.environment}: {deployment.cause}",
            hint=hint,
        )
        self.deployment = deployment


class BlockedError(FailedError):
    """The rollback failed as well: a person has to look."""

    code = "blocked"

    def __init__(self, deployment: Deployment, trouble: str) -> None:
        super().__init__(
            f"{deployment.service} in {deployment.environment} could not be rolled back: {trouble}",
            hint="`deploy_cli.py status` shows the true state; `resume` tries the rollback again",
        )
        self.deployment = deployment
