"""Numbers of LLDs, and their place below an HLD."""

import subprocess

import pytest

from lld.folder import validate_file
from lld.hierarchy import next_number

HLD = """\
# Parcels - High-Level Design

**Version**: 1.2.3

| LLD | Component |
|-----|-----------|
| [3.1.1_LLD_Auth_Lambda.md](../LLDs/3.1.1_LLD_Auth_Lambda.md) | Auth |
| 3.1.6 | Planned |
"""
LLD = "# Auth Lambda - Low-Level Design\n\n**Version**: {version}\n**Parent HLD**: {parent}\n"


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "LLDs"
    path.mkdir()
    return path


def codes(path):
    return {one.code for one in validate_file(path)[1].findings}


def write(folder, name="3.1.1_LLD_Auth_Lambda.md", version="1.2", parent="HLD 3.1 Parcels"):
    path = folder / name
    path.write_text(LLD.format(version=version, parent=parent))
    return path


def test_first_number_is_one(folder):
    assert next_number("3.1", folder) == "3.1.1"


def test_highest_number_counts_not_the_first_gap(folder):
    write(folder, "3.1.1_LLD_A.md")
    write(folder, "3.1.4_LLD_B.md")
    write(folder, "3.11.9_LLD_Other.md")
    assert next_number("3.1", folder) == "3.1.5"


def test_numbers_compare_as_numbers(folder):
    write(folder, "3.1.9_LLD_A.md")
    write(folder, "3.1.10_LLD_B.md")
    assert next_number("3.1", folder) == "3.1.11"


def test_numbers_that_the_hld_lists_are_used(tmp_path, folder):
    (tmp_path / "HLDs").mkdir()
    (tmp_path / "HLDs" / "3.1_HLD_Parcels.md").write_text(HLD)
    assert next_number("3.1", folder) == "3.1.7"


def test_deleted_designs_keep_their_number(folder, git_identity):
    def git(*words):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)

    git("init", "-q")
    path = write(folder, "3.1.8_LLD_Gone.md")
    git("add", ".")
    git("commit", "-qm", "add")
    path.unlink()
    git("commit", "-qam", "remove")
    assert next_number("3.1", folder) == "3.1.9"


def test_design_that_follows_its_hld_has_no_findings_of_hierarchy(tmp_path, folder):
    (tmp_path / "3.1_HLD_Parcels.md").write_text(HLD)
    assert codes(write(folder)).isdisjoint(
        {"orphan", "not_listed_in_hld", "version_inheritance", "duplicate_number", "parent_number"}
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"version": "1.1"}, "version_inheritance"),
        ({"name": "3.1.2_LLD_New_Lambda.md"}, "not_listed_in_hld"),
        ({"name": "4.1.1_LLD_Auth_Lambda.md", "parent": "HLD 4.1 Unknown"}, "orphan"),
        ({"name": "3.2.1_LLD_Auth_Lambda.md"}, "parent_number"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_breaks_the_hierarchy_is_found(tmp_path, folder, change, code):
    (tmp_path / "3.1_HLD_Parcels.md").write_text(HLD)
    assert code in codes(write(folder, **change))


def test_design_without_a_parent_is_an_error(folder):
    path = write(folder)
    path.write_text("# Auth Lambda - Low-Level Design\n")
    assert "parent_missing" in codes(path)
