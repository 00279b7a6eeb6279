"""`deploy_cli.py` of a service's repository, for the runs of a sandbox: the real one, on a clock.

In PROD time passes at once, and live traffic's metrics come as it passes; all else is real: the run
GitHub knows, its approvals, the role it signed in to, artifacts, ledger, versions and aliases.

    python utils/devops/deploy_cli.py promote-prod …
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run the real script; `promote-prod` in a time of its own."""
    import deploy_cli
    from deploy import site
    from tests.deploy.aws import ServiceOnAws, Traffic
    from tests.deploy.place import SandboxTime, now

    if "promote-prod" in sys.argv:
        opened = site.open_site

        def open_site(where: site.Where) -> site.Site:
            time = SandboxTime(now())
            found = opened(where, time.clock)
            if where.environment.name == "prod":
                service = ServiceOnAws.seen_by(found.session, found.service, "prod")
                Traffic(service, time)
            return found

        site.open_site = open_site  # type: ignore[assignment]
    deploy_cli.cli()


STAND_IN = f"""\
import sys

sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "utils" / "devops")!r}]
from tests.e2e.promoted import main

if __name__ == "__main__":
    main()
"""
