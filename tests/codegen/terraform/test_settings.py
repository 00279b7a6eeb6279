from __future__ import annotations

import pytest
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

from lld.model import EnvironmentVariable, Resource
from tests.codegen.terraform.build import make_design, make_table, points, rendered, view


def design_of(*variables, **facts):
    return make_design(environment_variables=variables, **facts)


def computed(design):
    return dict(view(design).settings.computed)


def test_variables_point_at_the_resources_of_the_service():
    resources = (
        Resource("sqs", "bbws-note-import-{env}"),
        Resource("sqs", "bbws-note-import-dlq-{env}", dead_letter_of="bbws-note-import-{env}"),
        Resource("sns", "bbws-note-events-{env}"),
        Resource("s3", "bbws-note-files-{env}"),
    )
    found = computed(
        design_of(
            EnvironmentVariable("IMPORT_QUEUE_URL", value="bbws-note-import-dev"),
            EnvironmentVariable("IMPORT_DLQ_QUEUE_ARN", value="bbws-note-import-dlq-dev"),
            EnvironmentVariable("EVENTS_TOPIC_ARN", value="arn:aws:sns:..."),
            EnvironmentVariable("FILES_BUCKET", value="bbws-note-files-dev"),
            EnvironmentVariable("DYNAMODB_TABLE", value="bbws-notes-dev"),
            resources=resources,
        )
    )
    assert found["IMPORT_QUEUE_URL"] == 'aws_sqs_queue.this["import"].url'
    assert found["IMPORT_DLQ_QUEUE_ARN"] == 'aws_sqs_queue.dead_letter["import_dlq"].arn'
    assert found["EVENTS_TOPIC_ARN"] == 'aws_sns_topic.this["events"].arn'
    assert found["FILES_BUCKET"] == 'aws_s3_bucket.this["files"].bucket'
    assert found["DYNAMODB_TABLE"] == "aws_dynamodb_table.notes.name"


def test_the_variable_the_code_reads_carries_the_table():
    assert computed(make_design())["TABLE_NAME"] == "aws_dynamodb_table.notes.name"


def test_two_tables_are_carried_by_two_variables():
    found = computed(make_design(tables=(make_table(), make_table("bbws-tags-{env}", line=21))))
    assert found["NOTES_TABLE_NAME"] == "aws_dynamodb_table.notes.name"
    assert found["TAGS_TABLE_NAME"] == "aws_dynamodb_table.tags.name"


def test_a_printed_secret_becomes_a_reference_and_never_a_value():
    password = EnvironmentVariable("DB_PASSWORD", secret=True, line=70)
    design = design_of(password)
    files = rendered(design)
    assert 'db_password = { name = "bbws/note/db-password" }' in files["secrets.tf"]
    assert (
        'DB_PASSWORD_SECRET_ARN       = local.secret_arns["db_password"]' in files["functions.tf"]
    )
    assert "70: variable 'DB_PASSWORD' is a secret" in points(view(design))
    assert "secret_string" not in "".join(files.values())


def test_a_scanner_finds_no_secret_in_the_names_of_secrets(tmp_path):
    names = ("DB_PASSWORD", "API_KEY", "CLIENT_SECRET", "AUTH_TOKEN")
    design = design_of(*(EnvironmentVariable(name, secret=True) for name in names))
    with default_settings():
        for name, text in rendered(design).items():
            file = tmp_path / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            assert [one.type for one in scan_file(str(file))] == [], name
        seen = tmp_path / "seen.tf"
        seen.write_text('db_password = "bbws/note/db-password"\n', encoding="utf-8")
        assert any(scan_file(str(seen))), "the scanner looks for such names"


def test_a_named_secret_keeps_its_name():
    design = design_of(
        EnvironmentVariable("JWT_SECRET_ARN", secret=True),
        resources=(Resource("secret", "jwt-secret"),),
    )
    assert view(design).settings.secrets[0].name == "jwt-secret"


def test_existing_secrets_are_looked_up_by_name():
    text = rendered(design_of(EnvironmentVariable("API_SECRET_ARN", secret=True)))["secrets.tf"]
    assert 'data "aws_secretsmanager_secret" "this"' in text
    assert "if !var.create_secrets" in text


@pytest.mark.parametrize("name", ["AWS_REGION", "_HANDLER", "AWS_ACCESS_KEY_ID", "a b", "1ST", "Ä"])
def test_names_lambda_does_not_take_are_left_out_and_named(name):
    design = design_of(EnvironmentVariable(name, value="x", line=71))
    assert name not in dict(view(design).settings.stated)
    assert f"71: variable {name!r}" in points(view(design))


def test_stated_values_go_to_the_variables_of_each_environment():
    design = design_of(EnvironmentVariable("SITE", value="https://{env}.example.org/${x}"))
    files = rendered(design)
    assert 'SITE = "https://dev.example.org/$${x}"' in files["environments/dev.tfvars"]
    assert 'SITE = "https://prod.example.org/$${x}"' in files["environments/prod.tfvars"]


@pytest.mark.parametrize("value", [None, "", "eu-west-1_xxxxxxxx", "arn:aws:..."])
def test_a_value_that_is_none_stays_open(value):
    design = design_of(EnvironmentVariable("POOL_ID", value=value, line=72))
    assert dict(view(design).settings.stated) == {"POOL_ID": ""}
    assert "72: variable 'POOL_ID': the design gives no value" in points(view(design))


def test_lists_need_the_secret_that_signs_page_tokens():
    assert [secret.variable for secret in view().settings.secrets] == ["PAGE_TOKEN_SECRET_ARN"]
