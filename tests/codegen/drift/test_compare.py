"""What the design has and the repository lacks is found, and what nobody designed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codegen.drift.compare import State, compare
from codegen.drift.facts import Column
from codegen.drift.show import as_json, as_markdown, as_text
from codegen.drift.trees import generated_tree, repository_tree
from codegen.scaffold import scaffold
from codegen.views.service_view import view_service
from common.errors import UnavailableError
from lld.model import Enumeration, Scenario
from tests.codegen.builders import make_design, make_endpoint, make_field, make_model

ORDERS = "/v1.0/tenants/{tenantId}/orders"
TERRAFORM = ("functions", "api", "dynamodb", "alarms")


def design(**details):
    scenario = Scenario("TC-1", 40, "US-1", "Create an order")
    return make_design(**{"test_scenarios": (scenario,), **details})


@pytest.fixture(scope="module")
def pristine():
    return generated_tree(view_service(design()))


@pytest.fixture
def tree(pristine):
    return dict(pristine)


def drifted(tree, *, of=None):
    report = compare(of or design(), tree, "repository")
    return {(one.thing.kind.value, one.title): one for one in report.drifted}


def edit(tree, path, old, new):
    assert old in tree[path]
    tree[path] = tree[path].replace(old, new)


def test_a_generated_repository_has_not_drifted(tree):
    report = compare(design(), tree, "repository")
    assert report.drifted == ()
    assert {one.thing.kind.value for one in report.rows} == {
        "function",
        "route",
        "table",
        "index",
        "model",
        "alarm",
        "scenario",
    }


def test_trap_9_each_designed_thing_has_its_places(tree):
    report = compare(design(), tree, "repository")
    rows = {(one.thing.kind.value, one.title): one for one in report.rows}
    function = rows["function", "create_order"]
    assert function.line == 20
    assert function.places[Column.CODE].startswith("src/handlers/create_order.py:")
    assert function.places[Column.TEST].startswith("tests/")
    assert function.places[Column.TERRAFORM].startswith("terraform/functions.tf:")
    assert function.places[Column.WORKFLOW].startswith(".github/workflows/deploy-dev.yml:")
    scenario = rows["scenario", "TC-1"]
    assert scenario.places[Column.TEST].startswith("tests/integration/test_scenarios.py:")


def test_a_handler_that_is_gone(tree):
    del tree["src/handlers/create_order.py"]
    found = drifted(tree)
    assert found["function", "create_order"].missing == (Column.CODE,)
    assert found["route", f"POST {ORDERS}"].missing == (Column.CODE,)


def test_a_route_that_is_gone_from_the_code(tree):
    edit(tree, "src/handlers/api.py", '@app.delete("', '@app.patch("')
    found = drifted(tree)
    assert found["route", f"DELETE {ORDERS}/{{orderId}}"].missing == (Column.CODE,)
    assert found["route", "PATCH /v1.0/tenants/{}/orders/{}"].state is State.UNDESIGNED


def test_a_model_that_is_gone(tree):
    edit(tree, "src/models/order.py", "class Order(", "class Other(")
    found = drifted(tree)
    assert found["model", "Order"].missing == (Column.CODE,)
    assert found["model", "Other"].state is State.UNDESIGNED


def test_an_index_that_is_gone_from_terraform(tree):
    edit(tree, "terraform/dynamodb.tf", "ByIdIndex", "Renamed")
    found = drifted(tree)
    assert found["index", "bbws-orders-{env} / ByIdIndex"].missing == (Column.TERRAFORM,)
    assert found["index", "bbws-orders-{env} / Renamed"].state is State.UNDESIGNED


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("terraform/dynamodb.tf", {"table", "index", "alarm"}),
        ("terraform/api.tf", {"route"}),
        ("terraform/alarms.tf", {"alarm"}),
        ("terraform/functions.tf", {"function", "alarm"}),
    ],
)
def test_a_terraform_file_that_is_gone(tree, path, kinds):
    del tree[path]
    found = drifted(tree)
    assert {kind for kind, _ in found} == kinds
    missing = [one for one in found.values() if one.state is State.MISSING]
    assert {one.thing.kind.value for one in missing} == kinds
    assert all(one.missing == (Column.TERRAFORM,) for one in missing)


def test_a_table_that_nobody_designed(tree):
    tree["terraform/more.tf"] = 'resource "aws_dynamodb_table" "extra" {\n  name = "extra"\n}\n'
    assert drifted(tree)["table", "extra"].state is State.UNDESIGNED


def test_an_alarm_that_is_gone_and_one_that_nobody_designed(tree):
    edit(tree, "terraform/alarms.tf", "-throttles", "-other")
    found = drifted(tree)
    assert found["alarm", "bbws-order-create-order-{env}-throttles"].missing == (Column.TERRAFORM,)
    assert found["alarm", "bbws-order-create-order-{env}-other"].state is State.UNDESIGNED


def test_a_scenario_without_its_test(tree):
    edit(tree, "tests/integration/test_scenarios.py", "TC-1:", "TC-9:")
    found = drifted(tree)
    assert found["scenario", "TC-1"].missing == (Column.TEST,)
    assert found["scenario", "TC-9"].state is State.UNDESIGNED


def test_a_workflow_that_deploys_nothing(tree):
    edit(tree, ".github/workflows/deploy-dev.yml", "deploy_cli.py dev", "deploy_cli.py monitor")
    found = drifted(tree)
    assert found["function", "create_order"].missing == (Column.WORKFLOW,)
    assert found["table", "bbws-orders-{env}"].missing == (Column.WORKFLOW,)


def test_tests_that_never_run(tree):
    del tree[".github/workflows/ci.yml"]
    assert drifted(tree)["scenario", "TC-1"].missing == (Column.WORKFLOW,)


def test_what_the_design_added_since(tree):
    more = design(
        endpoints=(*design().endpoints, make_endpoint("GET", "/v1.0/reports")),
        models=(*design().models, make_model("Report", make_field("id"))),
        enums=(Enumeration("Colour", ("RED",), 3),),
    )
    found = drifted(tree, of=more)
    assert {("route", "GET /v1.0/reports"), ("model", "Report"), ("model", "Colour")} <= set(found)


def test_what_the_design_dropped(tree):
    fewer = design(test_scenarios=(), functions=())
    found = drifted(tree, of=fewer)
    assert found["scenario", "TC-1"].state is State.UNDESIGNED
    assert found["function", "create_order"].state is State.UNDESIGNED


def test_a_route_that_cannot_be_one_is_said_and_is_no_drift(tree):
    odd = design(endpoints=(*design().endpoints, make_endpoint("GET", "/a b/{")))
    report = compare(odd, generated_tree(view_service(odd)), "repository")
    assert report.drifted == ()
    assert [one.reason for one in report.rows if one.state is State.UNSERVED] != []


def test_code_that_is_no_python_is_named_with_its_line(tree):
    tree["src/handlers/create_order.py"] += "\ndef ("
    with pytest.raises(UnavailableError, match=r"src/handlers/create_order.py:\d+ is not Python"):
        drifted(tree)


def test_edits_that_keep_things_in_place_are_no_drift(tree):
    tree["src/handlers/create_order.py"] += "\n\ndef helper() -> None:\n    pass\n"
    tree["terraform/functions.tf"] = "# mine { \n" + tree["terraform/functions.tf"]
    assert drifted(tree) == {}


def test_the_tree_on_disk_is_the_one_that_was_generated(tmp_path, pristine):
    root = tmp_path / "service"
    scaffold(design(), root, ["lambda", "tests", "terraform", "workflows"])
    on_disk = repository_tree(root)
    expected = {k: v for k, v in pristine.items() if k.endswith((".py", ".tf", ".yml"))}
    assert on_disk == expected


def test_json_says_what_drifted(tree):
    del tree["src/handlers/create_order.py"]
    found = as_json(compare(design(), tree, "repository"))
    assert found["drift"] is True
    row = next(one for one in found["rows"] if one["name"] == "create_order")
    assert row["missing"] == ["code"]
    assert row["places"]["code"] is None
    assert row["places"]["terraform"].startswith("terraform/functions.tf:")


def test_text_shows_only_what_drifted(tree):
    assert as_text(compare(design(), tree, "r")).endswith("things, 0 drifted")
    del tree["src/handlers/create_order.py"]
    text = as_text(compare(design(), tree, "r"))
    assert "missing: code" in text
    assert "update" not in text


def test_the_matrix_has_a_row_for_each_thing_and_holds_names_as_data(tree):
    hostile = replace(design(), document="a|b`c\n.md")
    report = compare(hostile, tree, "r")
    lines = as_markdown(report).splitlines()
    assert sum(line.startswith("| ") for line in lines) == len(report.rows) + 1
    widths = {line.replace("\\|", "").count("|") for line in lines if line.startswith("|")}
    assert len(widths) == 1
