from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.environments import check_tenant, environment, environments
from common.errors import RefusedError, UsageProblemError


@pytest.mark.parametrize(
    ("name", "account", "region", "bucket"),
    [
        ("dev", "536580886816", "eu-west-1", "bbws-terraform-state-dev"),
        ("sit", "815856636111", "eu-west-1", "bbws-terraform-state-sit"),
        ("prod", "093646564004", "af-south-1", "bbws-terraform-state-prod"),
        ("prod-dr", "093646564004", "eu-west-1", "bbws-terraform-state-prod-dr"),
    ],
)
def test_environment_table(name: str, account: str, region: str, bucket: str) -> None:
    env = environment(name)
    assert (env.account, env.region, env.state_bucket) == (account, region, bucket)


def test_promotion_order_is_dev_sit_prod() -> None:
    assert {e.name: e.promotes_from for e in environments().values() if e.name != "prod-dr"} == {
        "dev": None,
        "sit": "dev",
        "prod": "sit",
    }


def test_prod_needs_two_roles() -> None:
    assert environment("prod").approvals == ("business-owner", "tech-lead")


def test_unknown_environment_names_the_choices() -> None:
    with pytest.raises(UsageProblemError, match="'staging'") as caught:
        environment("staging")
    assert caught.value.hint == "choose one of: dev, sit, prod, prod-dr"


@pytest.mark.parametrize(
    ("name", "region"),
    [("dev", "af-south-1"), ("sit", "af-south-1"), ("prod", "eu-west-1"), ("dev", "us-east-1")],
)
def test_wrong_region_is_refused(name: str, region: str) -> None:
    with pytest.raises(RefusedError, match=region):
        environment(name).require_region(region)


def test_prod_in_eu_west_1_needs_dr() -> None:
    with pytest.raises(RefusedError) as caught:
        environment("prod").require_region("eu-west-1")
    assert "--dr" in (caught.value.hint or "")
    environment("prod", dr=True).require_region("eu-west-1")


def test_dr_goes_with_prod_only() -> None:
    with pytest.raises(UsageProblemError, match="dev has no failover"):
        environment("dev", dr=True)


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("dev", "acme.wpdev.kimmyai.io"),
        ("sit", "acme.wpsit.kimmyai.io"),
        ("prod", "acme.wp.kimmyai.io"),
        ("prod", "shop.acme.co.za"),
    ],
)
def test_domains_an_environment_serves(name: str, host: str) -> None:
    assert environment(name).check_domain(host, "acme") == host


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("dev", "shop.acme.co.za"),
        ("dev", "acme.wpsit.kimmyai.io"),
        ("prod", "other.wp.kimmyai.io"),
        ("prod", "not a host"),
        ("prod", "localhost"),
    ],
)
def test_domains_an_environment_does_not_serve(name: str, host: str) -> None:
    with pytest.raises(UsageProblemError, match="no domain of tenant"):
        environment(name).check_domain(host, "acme")


@pytest.mark.parametrize("tenant", ["abc", "a-1", "a" * 63, "0x0"])
def test_tenant_names(tenant: str) -> None:
    assert check_tenant(tenant) == tenant


@pytest.mark.parametrize(
    "tenant", ["", "ab", "a" * 64, "-abc", "abc-", "Abc", "a_b", "äbc", "abc\n"]
)
def test_what_is_no_tenant_name(tenant: str) -> None:
    with pytest.raises(UsageProblemError, match="not a tenant name"):
        check_tenant(tenant)


@given(st.text(max_size=70))
def test_accepted_tenant_is_always_one_dns_label(tenant: str) -> None:
    try:
        check_tenant(tenant)
    except UsageProblemError:
        return
    assert 3 <= len(tenant) <= 63
    assert tenant == tenant.lower()
    assert set(tenant) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
