"""Brings back the API stage or the infrastructure of an earlier release; never touches data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.errors import UnavailableError
from deploy.execution.plan import Component
from deploy.model import Kind
from deploy.ports import Released, Releasing, Staging

if TYPE_CHECKING:
    from deploy.execution.releasing import Infrastructure
    from deploy.model import Deployment


@dataclass(frozen=True, slots=True)
class Bringer:
    """Publishes a release or restores one: the deployment says which, whoever resumes it."""

    releaser: Releasing
    restorer: Releasing

    def release(self, deployment: Deployment) -> Released:
        """Bring what the deployment is about there (idempotent)."""
        back = deployment.kind is Kind.ROLLBACK
        return (self.restorer if back else self.releaser).release(deployment)


@dataclass(frozen=True, slots=True)
class Restorer:
    """What is not code, as it was."""

    stages: Staging
    infrastructure: Infrastructure

    def release(self, deployment: Deployment) -> Released:
        """Restore the component that the deployment names (idempotent)."""
        component, api = Component(deployment.component), deployment.api
        applied = ""
        if component in (Component.TERRAFORM, Component.FULL):
            applied = self.infrastructure.apply(deployment)
        if component in (Component.API, Component.FULL) and api is not None:
            if api.after is None:
                raise UnavailableError(f"no snapshot of the API of {deployment.version} was kept")
            self.stages.show(api, api.after)
        return Released(deployment.functions, api, applied)
