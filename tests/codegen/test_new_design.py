from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from codegen.new_design import draft_design, write_draft
from common.errors import RefusedError, UnavailableError, UsageProblemError
from lld.folder import validate_folder
from lld.parse import parse_file
from tests.support.files import read_tree, write_tree

TODAY = date(2026, 3, 1)
HLD = """\
# Shop - High-Level Design

**Version**: 1.2.3

## Designs

| LLD | Component | Version |
|-----|-----------|---------|
| [3.1.1_LLD_Cart_Lambda.md](../LLDs/3.1.1_LLD_Cart_Lambda.md) | Cart service | 1.2 |
| 3.1.4_LLD_Gone_Lambda.md (deleted) | Gone service | 1.0 |

## Rest

Text.
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_tree(tmp_path, {"HLDs/3.1_HLD_Shop.md": HLD, "LLDs/3.1.1_LLD_Cart_Lambda.md": "# Cart\n"})
    return tmp_path


def test_new_design_takes_the_number_after_the_highest_ever_used(root: Path) -> None:
    draft = draft_design("3.1", "Product_Lambda", root, today=TODAY)
    assert draft.lld == root / "LLDs" / "3.1.5_LLD_Product_Lambda.md"


def test_new_design_reads_back_as_a_whole_service(root: Path) -> None:
    draft = draft_design("3.1", "Product_Lambda", root, today=TODAY)
    write_draft(draft)
    design = parse_file(draft.lld)
    assert (design.service, design.repository, design.version) == (
        "product",
        "2_bbws_product_lambda",
        "1.2",
    )
    assert [f.name for f in design.functions] == [
        "create_product",
        "get_product",
        "list_products",
        "update_product",
        "delete_product",
    ]
    assert design.problems == ()


@pytest.mark.parametrize("name", ["Product_Lambda", "Gift_Card_Service", "news", "A1_b2"])
def test_what_is_written_passes_validation(root: Path, name: str) -> None:
    (root / "LLDs" / "3.1.1_LLD_Cart_Lambda.md").unlink()
    write_draft(draft_design("3.1", name, root, today=TODAY))
    (report,) = validate_folder(root / "LLDs")
    assert [(p.code, p.message) for p in report.findings] == []


def test_row_is_added_to_the_table_of_designs_in_its_own_columns(root: Path) -> None:
    write_draft(draft_design("3.1", "Product_Lambda", root, today=TODAY))
    last = "| 3.1.4_LLD_Gone_Lambda.md (deleted) | Gone service | 1.0 |\n"
    row = (
        "| [3.1.5_LLD_Product_Lambda.md](../LLDs/3.1.5_LLD_Product_Lambda.md) "
        "| Product service | 1.2 |\n"
    )
    assert (root / "HLDs" / "3.1_HLD_Shop.md").read_text() == HLD.replace(last, last + row)


def test_hld_without_a_table_gets_one(root: Path) -> None:
    hld = root / "HLDs" / "3.1_HLD_Shop.md"
    hld.write_text("# Shop\n\n**Version**: 2.0.0\n\n**End of Document**\n")
    write_draft(draft_design("3.1", "Product_Lambda", root, today=TODAY))
    text = hld.read_text()
    assert "| [3.1.2_LLD_Product_Lambda.md]" in text
    assert text.endswith("\n\n**End of Document**\n")


def test_second_design_gets_the_next_number(root: Path) -> None:
    write_draft(draft_design("3.1", "Product_Lambda", root, today=TODAY))
    assert draft_design("3.1", "Order_Lambda", root, today=TODAY).number == "3.1.6"


def test_first_design_makes_the_folder(root: Path) -> None:
    (root / "LLDs" / "3.1.1_LLD_Cart_Lambda.md").unlink()
    (root / "LLDs").rmdir()
    write_draft(draft_design("3.1", "Product_Lambda", root, today=TODAY))
    assert (root / "LLDs" / "3.1.5_LLD_Product_Lambda.md").is_file()


@pytest.mark.parametrize("name", ["../x", "Product Lambda", "", "1st", "a__b", "x" * 81, "a\nb"])
def test_name_that_is_no_name_is_a_usage_error(root: Path, name: str) -> None:
    with pytest.raises(UsageProblemError, match="no name of a component"):
        draft_design("3.1", name, root, today=TODAY)


def test_missing_hld_says_where_it_was_looked_for(root: Path) -> None:
    with pytest.raises(UnavailableError, match=r"no 4\.2_HLD_\*\.md in .*HLDs"):
        draft_design("4.2", "Product_Lambda", root, today=TODAY)


def test_two_hlds_of_one_number_are_refused(root: Path) -> None:
    (root / "HLDs" / "3.1_HLD_Other.md").write_text(HLD)
    with pytest.raises(RefusedError, match="several HLDs"):
        draft_design("3.1", "Product_Lambda", root, today=TODAY)


def test_hld_without_a_version_is_refused(root: Path) -> None:
    (root / "HLDs" / "3.1_HLD_Shop.md").write_text("# Shop\n")
    with pytest.raises(RefusedError, match="states no version"):
        draft_design("3.1", "Product_Lambda", root, today=TODAY)


def test_design_that_exists_by_now_changes_nothing(root: Path) -> None:
    draft = draft_design("3.1", "Product_Lambda", root, today=TODAY)
    draft.lld.write_text("somebody was faster\n")
    before = read_tree(root)
    with pytest.raises(UnavailableError, match="cannot be written"):
        write_draft(draft)
    assert read_tree(root) == before
