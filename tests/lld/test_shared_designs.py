"""The real designs shared beside the project, where there are any, and our own examples."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from lld.folder import validate_file
from lld.models_source import pydantic_source
from lld.openapi import openapi
from lld.parse import parse_file
from lld.summary import as_json
from lld.text import fold

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "llds"
EXAMPLES = sorted((ROOT / "templates" / "examples").glob("*_LLD_*.md"))
DESIGNS = [*sorted(SHARED.glob("*.md")), *EXAMPLES]
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared designs are not here")


@needs_shared
def test_shared_designs_are_read_as_their_labels_say(tmp_path):
    for path in SHARED.glob("*.md"):
        (tmp_path / f"{path.stem}.json").write_text(json.dumps(as_json(parse_file(path))))
    floors = ["mean=0.96", *(f"{name}=0.97" for name in ("repository", "functions", "endpoints"))]
    floors += [f"{name}=0.97" for name in ("tables", "gsis")]
    floors += [f"{name}=0.95" for name in ("models", "model_fields", "enums", "test_scenarios")]
    words = [sys.executable, str(SHARED / "score.py"), str(SHARED / "labels")]
    words += ["--extracted", str(tmp_path)]
    for floor in floors:
        words += ["--floor", floor]
    answer = subprocess.run(words, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("path", DESIGNS, ids=lambda path: path.stem)
def test_every_fact_stands_on_the_line_it_names(path):
    lines = path.read_text().split("\n")
    design = parse_file(path)
    for one in (*design.functions, *design.models):
        assert fold(one.name) in fold(lines[one.line - 1])
    for endpoint in design.endpoints:
        written = fold(lines[endpoint.line - 1])
        last = fold(endpoint.path.rsplit("/", 1)[-1])[:4]
        assert last in written or written == endpoint.method.lower()
    for scenario in design.test_scenarios:
        assert scenario.id in lines[scenario.line - 1]


@pytest.mark.parametrize("path", DESIGNS, ids=lambda path: path.stem)
def test_extracted_api_is_valid_openapi(path):
    from openapi_spec_validator import validate

    validate(openapi(parse_file(path)))


@pytest.mark.parametrize("path", DESIGNS, ids=lambda path: path.stem)
def test_extracted_models_import_and_describe_themselves(path, tmp_path, monkeypatch):
    from pydantic import BaseModel

    name = f"extracted_{fold(path.stem)}"
    (tmp_path / f"{name}.py").write_text(pydantic_source(parse_file(path)))
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(name)
    models = BaseModel.__subclasses__()
    own = [model for model in models if model.__module__ == module.__name__]
    assert own
    for model in own:
        assert model.model_json_schema()["type"] == "object"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_have_no_findings(path):
    _, report = validate_file(path)
    assert report.findings == ()
