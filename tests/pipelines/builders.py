"""Builders for tests of pipelines: generated workflows, and workflows read from text."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from pipelines.generation.build import Pipeline, workflow_files
from pipelines.generation.service import PipelineService
from pipelines.validation.validate import validate
from pipelines.workflow.findings import Finding
from pipelines.workflow.model import Workflow, workflow
from pipelines.workflow.yaml_tree import read

SERVICE = PipelineService("auth", "2_bbws_auth_lambda")


def generated(pipeline: Pipeline, service: PipelineService = SERVICE) -> str:
    """The text of one generated workflow."""
    return dict(workflow_files(service, [pipeline]))[pipeline.path]


def generated_flows() -> dict[Pipeline, Workflow]:
    """Every generated workflow, read."""
    texts = dict(workflow_files(SERVICE))
    return {one: flow(texts[one.path], one.value) for one in Pipeline}


def flow(text: str, name: str = "case.yml") -> Workflow:
    """A workflow read from text."""
    root = read(text.encode()).root
    assert root is not None
    return workflow(Path(name), root)


def write_workflow(root: Path, text: str, name: str = "case.yml") -> Path:
    """A repository with one workflow; returns the workflow's path."""
    path = root / ".github" / "workflows" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return path


def findings(root: Path, text: str) -> list[Finding]:
    """What the built-in checks find in a workflow of a repository."""
    return list(validate(write_workflow(root, text), external=False).findings)


def rules(root: Path, text: str) -> set[tuple[str, int]]:
    """Rule and line of each finding."""
    return {(finding.rule, finding.line) for finding in findings(root, text)}
