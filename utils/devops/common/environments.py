"""The environments a service runs in: account, region, names of shared resources, domains.

All of it is read from `environments.yml`; nothing else in the project names an account or a region.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from common.errors import RefusedError, UsageProblemError

TABLE = Path(__file__).with_name("environments.yml")
FAILOVER = {"prod": "prod-dr"}

_TENANT = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]")
_HOST = re.compile(
    r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)


@dataclass(frozen=True, slots=True)
class Environment:
    """One row of the environment table.

    `account` keeps its leading zero, so it is text. `approvals` are the roles that must agree
    before a deployment, `promotes_from` the environment a release must have succeeded in first.
    """

    name: str
    account: str
    region: str
    promotes_from: str | None
    approvals: tuple[str, ...]
    tenant_domain: str
    custom_domains: bool
    profile: str
    state_bucket: str
    lock_table: str
    artifact_bucket: str
    ledger_table: str
    topic: str
    certificate_region: str

    def require_region(self, region: str) -> None:
        """Refuse any region but this environment's own.

        Raises:
            RefusedError: `region` is not the one this environment lives in.
        """
        if region == self.region:
            return
        hint = f"use --region {self.region}, or leave --region and AWS_REGION out"
        if self.name == "prod" and region == environment("prod-dr").region:
            hint = "prod answers in eu-west-1 only during a failover: add --dr"
        raise RefusedError(f"{self.name} is never used in region {region!r}", hint=hint)

    def domain(self, tenant: str) -> str:
        """The platform host name of a tenant, such as `acme.wpdev.kimmyai.io`."""
        return self.tenant_domain.format(tenant=check_tenant(tenant))

    def check_domain(self, host: str, tenant: str) -> str:
        """Accept the tenant's platform host name or, where allowed, a custom domain.

        Raises:
            UsageProblemError: The host is not a name this environment may serve.
        """
        own = self.domain(tenant)
        if host == own:
            return host
        platform = self.tenant_domain.split(".", 1)[1]
        if self.custom_domains and _HOST.fullmatch(host) and not host.endswith("." + platform):
            return host
        expected = f"{own!r} or a custom domain" if self.custom_domains else repr(own)
        raise UsageProblemError(
            f"{host!r} is no domain of tenant {tenant!r} in {self.name}",
            hint=f"expected {expected}",
        )


def check_tenant(tenant: str) -> str:
    """Return `tenant` if it is 3 to 63 lowercase letters, digits and inner hyphens.

    Raises:
        UsageProblemError: It is not.
    """
    if _TENANT.fullmatch(tenant):
        return tenant
    raise UsageProblemError(
        f"{tenant!r} is not a tenant name",
        hint="3 to 63 lowercase letters, digits and inner hyphens, such as 'acme-bakery'",
    )


@cache
def _table() -> dict[str, Any]:
    import yaml

    loaded: dict[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return loaded


@cache
def environments() -> dict[str, Environment]:
    """Every environment by name, in promotion order."""
    table = _table()
    return {
        name: Environment(
            name=name,
            **{**row, "approvals": tuple(row["approvals"])},
            **{key: pattern.format(env=name) for key, pattern in table["names"].items()},
            certificate_region=table["certificate_region"],
        )
        for name, row in table["environments"].items()
    }


def environment(name: str, *, dr: bool = False) -> Environment:
    """Look an environment up by name; `dr` asks for its failover twin.

    Raises:
        UsageProblemError: There is no such environment, or it has no failover twin.
    """
    known = environments()
    if name not in known:
        raise UsageProblemError(
            f"unknown environment {name!r}", hint=f"choose one of: {', '.join(known)}"
        )
    if not dr or name in FAILOVER.values():
        return known[name]
    if name not in FAILOVER:
        raise UsageProblemError(f"{name} has no failover region", hint="--dr goes with --env prod")
    return known[FAILOVER[name]]
