from __future__ import annotations

import re
import shutil
import subprocess
import time

import pytest

from codegen.terraform.hcl import layout
from common.environments import environment
from lld.model import (
    Endpoint,
    Model,
    ModelField,
    ModelKind,
    Requirement,
    Resource,
)
from tests.codegen.terraform.build import (
    block,
    make_design,
    make_function,
    make_table,
    rendered,
    settings_of,
    view,
)
from tests.codegen.terraform.hostile import HOSTILE, hostile


@pytest.mark.parametrize("name", ["dev", "sit", "prod"])
def test_each_environment_has_its_account_region_and_buckets(name):
    known, files = environment(name), rendered()
    values = settings_of(files[f"environments/{name}.tfvars"])
    backend = settings_of(files[f"environments/{name}.s3.tfbackend"])
    assert values["account_id"] == f'"{known.account}"'
    assert values["region"] == f'"{known.region}"'
    assert values["artifact_bucket"] == f'"bbws-artifacts-{name}"'
    assert backend == {
        "bucket": f'"bbws-terraform-state-{name}"',
        "key": '"2_bbws_note_lambda/terraform.tfstate"',
        "region": f'"{known.region}"',
        "encrypt": "true",
        "use_lockfile": "true",
        "dynamodb_table": f'"bbws-terraform-locks-{name}"',
    }


def test_versions_admit_the_provider_of_common_mirrors_and_the_next_major():
    text = rendered()["versions.tf"]
    assert 'required_version = ">= 1.10.0"' in text
    assert 'version = ">= 5.100.0, < 7.0.0"' in text


def test_trap_1_8_terraform_leaves_code_and_alias_to_deployments():
    text = rendered()["functions.tf"]
    alias = block(text, "resource", "aws_lambda_alias", "live")
    function = block(text, "resource", "aws_lambda_function", "this")
    assert "ignore_changes = [function_version, routing_config]" in alias
    assert "ignore_changes = [s3_bucket, s3_key, s3_object_version, source_code_hash]" in function
    assert re.search(r"publish\s+= true", function)


def test_trap_3_4_a_wrong_account_or_region_stops_every_plan():
    files = rendered()
    guard = block(files["main.tf"], "resource", "terraform_data", "right_place")
    assert re.search(r"allowed_account_ids\s+= \[var.account_id\]", files["providers.tf"])
    assert guard.count("precondition {") == 3
    assert "data.aws_caller_identity.current.account_id == var.account_id" in guard
    assert "data.aws_region.current.id == var.region" in guard


def test_trap_3_7_code_is_named_by_key_and_hash():
    function = block(rendered()["functions.tf"], "resource", "aws_lambda_function", "this")
    assert re.search(r"s3_key\s+= var.artifact_key", function)
    assert "filename" not in function


def test_trap_3_10_state_is_locked_by_file_and_by_table():
    text = rendered()["environments/dev.s3.tfbackend"]
    assert re.search(r"use_lockfile\s+= true", text)
    assert "dynamodb_table" in text


def test_trap_10_1_silence_is_an_alarm_of_its_own():
    text = rendered()["alarms.tf"]
    errors = block(text, "resource", "aws_cloudwatch_metric_alarm", "errors")
    silence = block(text, "resource", "aws_cloudwatch_metric_alarm", "silence")
    assert 'treat_missing_data  = "notBreaching"' in errors
    assert 'treat_missing_data  = "breaching"' in silence
    assert 'metric_name         = "Invocations"' in silence


def test_trap_10_2_the_share_of_errors_is_one_of_many_calls_and_never_without_value():
    text = rendered()["alarms.tf"]
    alarm = block(text, "resource", "aws_cloudwatch_metric_alarm", "api_error_rate")
    expression = re.search(r'expression +  ?= "(.*)"', alarm)[1]
    assert expression.startswith("IF(FILL(calls, 0) >= ${var.error_rate_minimum_requests}, ")
    bare = re.sub(r"FILL\((calls|errors), [01]\)", "", expression)
    assert not re.search(r"\b(calls|errors)\b", bare)


def test_trap_10_2_one_failing_call_is_no_alarm():
    alarms = rendered()["alarms.tf"]
    errors = block(alarms, "resource", "aws_cloudwatch_metric_alarm", "errors")
    assert re.search(r"datapoints_to_alarm += 3\n", errors)


@pytest.mark.parametrize("metric", ["Errors", "Throttles", "Duration", "5XXError"])
def test_alarms_go_to_the_topic_of_deployments(metric):
    text = rendered()["alarms.tf"]
    assert f'"{metric}"' in text
    alarms = text.count('resource "aws_cloudwatch_metric_alarm"')
    assert len(re.findall(r"  alarm_actions +=", text)) == alarms + 1


def test_everything_carries_the_tags_by_which_tools_find_a_service():
    tags = rendered(make_design(tags={"CostCenter": "C-1", "Environment": "dev/sit/prod"}))[
        "providers.tf"
    ]
    found = settings_of(tags.split("tags = {")[1])
    assert found == {
        "CostCenter": '"C-1"',
        "Project": "var.project",
        "Service": "local.service",
        "Environment": "var.environment",
        "Component": '"note-lambda"',
        "LLD": '"7.7.7"',
        "ManagedBy": '"terraform"',
    }


def test_a_project_is_never_longer_than_its_variable_allows():
    text = rendered(make_design(tags={"Project": "p" * 250}))["variables.tf"]
    assert f'default     = "{"p" * 200}"' in text


def test_tables_are_recoverable_encrypted_and_protected():
    table = block(rendered()["dynamodb.tf"], "resource", "aws_dynamodb_table", "notes")
    assert "point_in_time_recovery {" in table
    assert re.search(r"kms_key_arn\s*= aws_kms_key.this.arn", table)
    assert "deletion_protection_enabled = var.deletion_protection" in table


def test_ttl_is_switched_on_where_the_design_names_it():
    text = rendered(make_design(tables=(make_table(ttl_attribute="expiresAt"),)))["dynamodb.tf"]
    assert 'attribute_name = "expiresAt"' in text


def test_memory_and_timeout_are_those_of_the_design():
    function = make_function("get_note", method="GET", path="/n", memory_mb=777, timeout_s=7)
    text = rendered(make_design(functions=(function,), endpoints=(), memory_mb=128))["functions.tf"]
    assert "memory_mb   = 777" in text
    assert "timeout_s   = 7" in text


def test_numbers_outside_of_lambdas_range_are_brought_into_it():
    function = make_function(memory_mb=99_999, timeout_s=9_999)
    seen = view(make_design(functions=(function,), endpoints=())).functions[0]
    assert (seen.memory_mb, seen.timeout_s) == (10_240, 900)


def test_numbers_of_requirements_become_limits():
    requirements = (
        Requirement("Get note latency (p95)", "< 250ms"),
        Requirement("Import latency (p95)", "< 20s"),
        Requirement("Sustained requests per second", "50"),
        Requirement("Concurrent creations", "1,000 notes/second"),
        Requirement("SQS queue throughput", "5000 messages/second"),
        Requirement("Error rate", "< 0.5%"),
        Requirement("Log retention", "45 days"),
    )
    files = rendered(make_design(requirements=requirements))
    assert "threshold                             = 250" in files["alarms.tf"]
    assert "default     = 1000" in variable(files, "throttling_rate_limit")
    assert "default     = 0.5" in variable(files, "error_rate_percent")
    assert "log_retention_days  = 60" in files["environments/prod.tfvars"]


def variable(files, name):
    start = files["variables.tf"].index(f'variable "{name}"')
    return files["variables.tf"][start:].split("\n}\n")[0]


def test_api_logs_of_the_gateway_itself_are_kept_as_long_as_the_others():
    text = rendered()["api.tf"]
    log = block(text, "resource", "aws_cloudwatch_log_group", "api_execution")
    stage = block(text, "resource", "aws_api_gateway_stage", "this")
    assert "retention_in_days = var.log_retention_days" in log
    assert "depends_on = [aws_cloudwatch_log_group.api_execution]" in stage


def test_throttled_tables_are_an_alarm():
    alarm = rendered()["alarms.tf"].split('"table_throttles"')[1]
    assert "notes = aws_dynamodb_table.notes.name" in alarm
    assert "FILL(reads, 0) + FILL(writes, 0)" in alarm


def test_every_accepted_scanner_finding_has_its_reason():
    design = make_design(resources=(Resource("s3", "bbws-note-files-{env}"),))
    for text in rendered(design).values():
        for skip in re.findall(r"checkov:skip=(\S.*)", text):
            assert re.fullmatch(r"CKV2?_AWS_\d+:\S.{20,}", skip)
        for before in re.findall(r"(.*)\n# trivy:ignore:", text):
            assert before.startswith("# ")


def test_a_second_rendering_is_identical():
    assert rendered() == rendered()


def test_rendered_text_is_already_laid_out():
    for path, text in rendered().items():
        if path.endswith((".tf", ".tfvars", ".tfbackend")):
            assert layout(text) == text, path


def test_only_files_with_content_are_written():
    files = rendered()
    assert not {"queues.tf", "topics.tf", "buckets.tf", "triggers.tf", "events.tf"} & set(files)
    assert all(text.strip() for text in files.values())


def test_readme_lists_what_the_design_leaves_open_with_its_line():
    design = make_design(endpoints=(Endpoint("GET", "/notes", 99),), functions=())
    assert re.search(r"\| 99 \| GET /notes: the design does not say", rendered(design)["README.md"])


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_designs_stay_data(text, tmp_path):
    files = rendered(hostile(text))
    assert all(re.fullmatch(r"[\w./]+", path) and ".." not in path for path in files)
    code = "\n".join(body for path, body in files.items() if path.endswith(".tf"))
    everything = re.sub(r"(?m)^\s*#.*$", "", code)
    assert not re.search(r"(?<!\$)\$\{(file|7)", everything)
    assert not re.search(r"(?<!%)%\{ for x", everything)
    for path, body in files.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(body, encoding="utf-8")
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not on PATH: the text was checked, its syntax was not")
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", "-recursive", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def large(functions, models):
    """A design with so many functions and models."""
    return make_design(
        functions=tuple(
            make_function(f"get_note_{n}", method="GET", path=f"/notes{n}/{{id}}")
            for n in range(functions)
        ),
        endpoints=(),
        models=tuple(
            Model(f"M{n}", ModelKind.PYDANTIC, (ModelField("a", "str"),), n) for n in range(models)
        ),
    )


def test_output_grows_in_step_with_the_design():
    small, big = (
        sum(len(text) for text in rendered(large(*size)).values()) for size in ((6, 10), (60, 100))
    )
    assert big < 10 * small


def test_rendering_a_large_design_is_quick():
    rendered(large(6, 10))
    start = time.perf_counter()
    rendered(large(60, 100))
    assert time.perf_counter() - start < 5
