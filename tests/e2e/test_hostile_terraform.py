"""Designs that mean harm, planned by the real Terraform: what they say arrives as data.

All of them are modules of one configuration, because one provider then serves them all.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from codegen.views.service_view import view_service
from common.environments import environment
from tests.codegen.terraform.applying import written
from tests.codegen.terraform.hostile import HOSTILE, hostile
from tests.codegen.terraform.world import Terraform, fake_aws
from tests.support.terraform import terraform_environment

DEV = environment("dev")
CASES = pytest.mark.parametrize("number", range(len(HOSTILE)), ids=[ascii(t)[:30] for t in HOSTILE])
_GIVEN = """
resource "terraform_data" "given" {
  input = {
    settings = var.settings
    tags     = local.tags
  }
}
"""

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("hostile_terraform")]


@pytest.fixture(scope="module")
def planned(tmp_path_factory) -> dict[int, list[dict[str, Any]]]:
    """What Terraform, having validated them all, plans of resources for each design."""
    folder = tmp_path_factory.mktemp("hostile")
    calls = [module(number, text, folder) for number, text in enumerate(HOSTILE)]
    root = f'provider "aws" {{\n  region = "{DEV.region}"\n}}\n' + "".join(calls)
    (folder / "main.tf").write_text(root, encoding="utf-8")
    providers = terraform_environment()
    with fake_aws(DEV.account, DEV.region, folder) as aws:
        terraform = Terraform(folder, {**providers, **aws.server.environment()})
        terraform.run("fmt", "-check", "-diff", "-recursive", "designs")
        terraform.run("init", "-input=false")
        terraform.run("validate")
        terraform.run("plan", "-input=false", "-out=plan.tfplan")
        shown = json.loads(terraform.run("show", "-json", "plan.tfplan"))
    modules = shown["planned_values"]["root_module"]["child_modules"]
    return {
        int(one["address"].removeprefix("module.m")): [
            found for found in one["resources"] if found["mode"] == "managed"
        ]
        for one in modules
    }


def module(number: int, text: str, folder: Path) -> str:
    """The call of a design's infrastructure, with the values of dev; the caller has the provider."""
    home = folder / "designs" / f"m{number}" / "terraform"
    written(view_service(hostile(text)), home.parent)
    providers = (home / "providers.tf").read_text(encoding="utf-8")
    tags = providers[providers.index("locals {") :]
    (home / "providers.tf").write_text(f"{tags}\n{_GIVEN}", encoding="utf-8")
    (home / "backend.tf").unlink()
    values = (home / "environments" / "dev.tfvars").read_text(encoding="utf-8")
    return f'\nmodule "m{number}" {{\n  source = "./designs/m{number}/terraform"\n{values}}}\n'


@CASES
def test_a_hostile_text_is_the_key_of_its_table(planned, number):
    keys = {one["hash_key"] for one in of_type(planned[number], "aws_dynamodb_table")}
    assert HOSTILE[number].strip()[:255] in keys


@CASES
def test_a_hostile_setting_arrives_as_it_was_written(planned, number):
    (given,) = of_type(planned[number], "terraform_data", "given")
    expected = HOSTILE[number].replace("${env}", DEV.name).replace("{env}", DEV.name)
    assert given["input"]["settings"]["PLAIN"] == expected


@CASES
def test_a_hostile_tag_holds_what_a_tag_may_hold(planned, number):
    (given,) = of_type(planned[number], "terraform_data", "given")
    for key, value in given["input"]["tags"].items():
        assert re.fullmatch(r"[A-Za-z0-9 _.:/=+@-]{1,128}", key)
        assert re.fullmatch(r"[A-Za-z0-9 _.:/=+@-]{1,256}", value)


@CASES
def test_a_hostile_description_keeps_its_words(planned, number):
    functions = of_type(planned[number], "aws_lambda_function")
    words = re.findall(r"[a-zA-Z0-9]+", HOSTILE[number][:250])
    assert any(re.findall(r"[a-zA-Z0-9]+", one["description"]) == words for one in functions)


def test_nothing_was_read_from_the_machine(planned):
    assert "root:" not in json.dumps(planned)


def test_no_design_added_a_resource_of_its_own(planned):
    kinds = {one["type"] for resources in planned.values() for one in resources}
    assert all(kind.startswith("aws_") or kind == "terraform_data" for kind in kinds)


def of_type(resources: list[dict[str, Any]], kind: str, name: str | None = None) -> list[Any]:
    """Planned values of the resources of a type."""
    return [
        one["values"]
        for one in resources
        if one["type"] == kind and (name is None or one["name"] == name)
    ]
