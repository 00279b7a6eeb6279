"""The commands of `lld_parser.py`: output, exit codes and messages."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from lld_parser import cli

ROOT = Path(__file__).resolve().parents[1]
DESIGN = """\
# Parcel Lambda - Low-Level Design

**Version**: 1.2
**Parent HLD**: [HLD 3.1 Parcels](./3.1_HLD_Parcels.md)

## 1. Overview

| Attribute | Value |
|-----------|-------|
| Repository | `2_bbws_parcel_lambda` |
| Runtime | Python 3.12 |
| Memory | 256MB |
| Timeout | 15s |

## 2. User Stories

| User Story # | Epic | User Story | Test Scenario(s) |
|--------------|------|------------|------------------|
| US-PCL-001 | Send | As a sender, I send | Given a parcel, then a number |

## 3. Component Diagram

## 4. Lambda Functions (API)

| Function | Endpoint | Description |
|----------|----------|-------------|
| create_parcel | POST /v1.0/parcels | Send a parcel |

## 5. Data Models

**Table Name**: `bbws-parcels-{env}`

| Entity | PK | SK |
|--------|----|----|
| Parcel | `PARCEL#{parcelId}` | `METADATA` |

| Access Pattern | Key Condition |
|----------------|---------------|
| Get parcel | PK = `PARCEL#{parcelId}` |

```python
class CreateParcelRequest(BaseModel):
    weight: Decimal = Field(..., gt=0)
```

## 6. NFRs

## 7. Security

## 8. Tagging

## 9. Troubleshooting
"""


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def design(tmp_path):
    path = tmp_path / "3.1.2_LLD_Parcel_Lambda.md"
    path.write_text(DESIGN)
    return path


# --- parse ---------------------------------------------------------------------------------------


def test_parse_prints_one_json_document(design):
    result = run("parse", "--lld", design, "--output", "json")
    data = json.loads(result.stdout)
    assert result.exit_code == 0
    assert data["lld_id"] == "3.1.2"
    assert data["functions"][0]["name"] == "create_parcel"
    assert data["tables"][0]["partition_key"] == "PK"


def test_parse_prints_a_readable_summary(design):
    result = run("parse", "--lld", design)
    assert result.exit_code == 0
    assert "1 function, 1 endpoint, 1 table" in result.stdout
    assert "POST /v1.0/parcels" in result.stdout


def test_poor_design_is_parsed_with_its_problems(tmp_path):
    path = tmp_path / "3.1.3_LLD_Poor_Lambda.md"
    path.write_text("# Poor\n\n```yaml\nopenapi: [\n```\n")
    result = run("parse", "--lld", path, "-o", "json")
    assert result.exit_code == 0
    assert [one["code"] for one in json.loads(result.stdout)["problems"]] == ["yaml_unreadable"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\xff\xfe# caf\xe9", "is not UTF-8"),
        (bytes(range(9)) * 400, "is a binary file"),
        (b"# Shopping list\n\n- milk\n", "is not a low-level design"),
    ],
    ids=["empty", "blank", "latin-1", "binary", "no design"],
)
def test_unreadable_file_is_one_line_with_a_hint_and_exit_4(tmp_path, content, said):
    path = tmp_path / "notes.md"
    path.write_bytes(content)
    result = run("parse", "--lld", path)
    assert (result.exit_code, result.stdout) == (4, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: ")
    assert said in error
    assert hint.startswith("hint: ")


def test_missing_file_names_near_matches(design):
    result = run("parse", "--lld", design.with_name("3.1.2_LLD_Parcels_Lambda.md"))
    assert result.exit_code == 2
    assert design.name in result.stderr


def test_folder_is_not_a_design_to_parse(tmp_path):
    result = run("parse", "--lld", tmp_path)
    assert result.exit_code == 2
    assert "is a folder" in result.stderr


def test_failure_as_json_is_one_document_on_standard_output(tmp_path):
    result = run("parse", "--lld", tmp_path / "none.md", "--output", "json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "usage"


# --- extract -------------------------------------------------------------------------------------


def test_extracted_api_is_openapi_with_a_lambda_integration(design):
    result = run("extract-api", "--lld", design)
    document = yaml.safe_load(result.stdout)
    operation = document["paths"]["/v1.0/parcels"]["post"]
    assert document["openapi"] == "3.1.0"
    assert operation["operationId"] == "create_parcel"
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/CreateParcelRequest"
    }
    assert "create_parcel:live" in operation["x-amazon-apigateway-integration"]["uri"]


def test_extracted_api_is_the_same_in_every_format(design):
    as_yaml = yaml.safe_load(run("extract-api", "--lld", design).stdout)
    as_json = json.loads(run("extract-api", "--lld", design, "--format", "json").stdout)
    as_output = json.loads(run("extract-api", "--lld", design, "-o", "json").stdout)
    assert as_yaml == as_json == as_output
    table = run("extract-api", "--lld", design, "--format", "markdown").stdout
    assert "| POST | `/v1.0/parcels` |" in table


def test_extracted_models_are_pydantic_source(design):
    result = run("extract-models", "--lld", design)
    assert "class CreateParcelRequest(BaseModel):" in result.stdout
    assert "weight: Decimal = Field(gt=0)" in result.stdout


def test_extracted_models_are_json_schema_or_a_table(design):
    schema = json.loads(run("extract-models", "--lld", design, "--format", "json-schema").stdout)
    assert schema["$defs"]["CreateParcelRequest"]["properties"]["weight"]["exclusiveMinimum"] == 0
    table = run("extract-models", "--lld", design, "--format", "table").stdout
    assert "| weight | Decimal | yes | exclusiveMinimum=0 |" in table


# --- validate ------------------------------------------------------------------------------------


def test_complete_design_validates(design):
    result = run("validate", "--lld", design, "--strict")
    assert (result.exit_code, result.stdout) == (0, f"{design.name}: 0 errors, 0 warnings\n")


def test_errors_exit_1_and_say_what_to_write(design):
    design.write_text(DESIGN.replace("POST /v1.0/parcels |", "- |"))
    result = run("validate", "--lld", design)
    assert result.exit_code == 1
    assert "function_without_trigger" in result.stdout
    assert "give it an endpoint, a queue" in result.stdout


def test_warnings_fail_only_when_strict(design):
    design.write_text(DESIGN.replace("## 8. Tagging", "## 8. Other"))
    assert run("validate", "--lld", design).exit_code == 0
    assert run("validate", "--lld", design, "--strict").exit_code == 1


def test_checklist_lists_what_to_implement(design):
    result = run("validate", "--lld", design, "--checklist")
    assert "- [ ] `create_parcel`, `POST /v1.0/parcels` (line 27)" in result.stdout


def test_folder_report_ends_in_a_table_and_finds_duplicate_numbers(design):
    design.with_name("3.1.2_LLD_Other_Lambda.md").write_text(DESIGN)
    result = run("validate", "--lld", design.parent, "-o", "json")
    data = json.loads(result.stdout)
    codes = {one["code"] for report in data["designs"] for one in report["findings"]}
    assert result.exit_code == 1
    assert [report["document"] for report in data["designs"]] == [
        "3.1.2_LLD_Other_Lambda.md",
        "3.1.2_LLD_Parcel_Lambda.md",
    ]
    assert "duplicate_number" in codes


def test_folder_with_an_unreadable_design_reports_it_and_goes_on(design):
    design.with_name("3.1.3_LLD_Broken_Lambda.md").write_bytes(b"\xff\xfe")
    result = run("validate", "--lld", design.parent)
    assert result.exit_code == 1
    assert "unreadable" in result.stdout
    assert design.name in result.stdout


def test_empty_folder_is_a_usage_error(tmp_path):
    assert run("validate", "--lld", tmp_path).exit_code == 2


# --- next-number ---------------------------------------------------------------------------------


def test_next_number_is_printed_alone(design):
    result = run("next-number", "--hld-prefix", "3.1", "--lld-dir", design.parent)
    assert (result.exit_code, result.stdout) == (0, "3.1.3\n")


def test_next_number_refuses_what_is_no_prefix(tmp_path):
    result = run("next-number", "--hld-prefix", "three", "--lld-dir", tmp_path)
    assert result.exit_code == 2
    assert "'three'" in result.stderr


def test_next_number_without_the_folder_says_which_option_names_it(tmp_path):
    result = run("next-number", "--hld-prefix", "3.1", "--lld-dir", tmp_path / "none")
    assert result.exit_code == 2
    assert "--lld-dir" in result.stderr


# --- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_and_option_has_help_and_an_example(command):
    assert "Example: lld_parser.py" in (cli.commands[command].help or "")
    hidden = [one.name for one in cli.commands[command].params if not getattr(one, "help", None)]
    assert hidden == []


def test_help_imports_neither_markdown_it_nor_yaml_nor_rich():
    script = ROOT / "utils" / "devops" / "lld_parser.py"
    words = [sys.executable, "-X", "importtime", str(script), "parse", "--help"]
    answer = subprocess.run(words, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip() for line in answer.stderr.splitlines()}
    assert imported.isdisjoint({"markdown_it", "yaml", "rich", "lld.parse"})
