"""User stories and test cases from tables, headings, lists and Gherkin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.columns import Role, first_column, header_words, roles
from lld.facts import Fact, ScenarioFact, Trust
from lld.model import Scenario
from lld.names import without_number
from lld.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence, Heading, Item, Paragraph, Section, Table

_ID = re.compile(r"[A-Z][A-Z]{0,7}(?:[-_. ][A-Z]{1,10}){0,3}[-_. ]?\d[\w.-]*\Z")
_LEADING_ID = re.compile(
    r"(?:\[[ xX]\])?[*`\s]*(?P<word>(?:Test\s+)?(?:Scenario|Case|Story|User\s+Story|Test)\s+)?"
    r"(?P<id>[A-Z][A-Z0-9]{0,7}(?:[-_][A-Z]{1,10}){0,3}[-_ ]?\d[\w.-]*?)[*`]*"
    r"\s*(?:[:–—-]|\*\*|\))\s*(?P<text>.*)",
    re.S,
)
_STORY_ID = re.compile(r"(?:US|TC|UT|IT|AT|TS|AC|ST|E2E)(?:[-_ ]?\d|[-_][A-Z])")
_SCENARIO_WORDS = re.compile(
    r"\bgiven\b.{3,}\b(?:when|then)\b|\bas an? [\w ]{2,40},? i (?:want|can|need)\b", re.I | re.S
)
_ABOUT_TESTS = ("test", "scenario", "user stor", "stories", "epic", "acceptance", "use case")
_ASIDE = (
    "reference",
    "tbc",
    "risk",
    "document control",
    "term",
    "open question",
    "signoff",
    "related",
)


def read_table(table: Table) -> Iterator[Fact]:
    """Story tables and test-case tables."""
    if table.section.lowered and any(word in table.section.lowered for word in _ASIDE):
        return
    columns = roles(table.header)
    first = _id_column(table, columns)
    told = {columns.get(role) for role in (Role.STORY, Role.SCENARIO, Role.EXPECTED, Role.INPUT)}
    told -= {None, first}
    numbered = first != first_column(table.header) or _all_ids(table, first)
    if numbered or columns.get(Role.STORY_ID) == first or columns.get(Role.TEST_ID) == first:
        about_tests = table.section.speaks_of(*_ABOUT_TESTS)
        if told or about_tests:
            yield from _identified(table, columns, first, about_tests=about_tests)
            return
    tests = table.section.speaks_of("test", "acceptance") or "test" in table.caption.lower()
    named = columns.get(Role.SCENARIO) == first and len(table.header) > 1
    if named and (Role.EXPECTED in columns or tests):
        yield from _named(table, columns, first)


def _all_ids(table: Table, column: int) -> bool:
    """Whether every cell of a column is an id, whatever its header says."""
    cells = [plain(row.cells[column]) for row in table.rows[:200]]
    return bool(cells) and all(_ID.match(cell) or _SPACED_ID.match(cell) for cell in cells)


def _id_column(table: Table, columns: dict[Role, int]) -> int:
    """The column of ids: where it says so, or a `#` column whose cells are ids."""
    if not table.rows:
        return first_column(table.header)
    cells = table.rows[0].cells
    for role in (Role.STORY_ID, Role.TEST_ID):
        column = columns.get(role)
        if column is not None and _ID.match(plain(cells[column])):
            return column
    if header_words(table.header[0]) in ("", "no", "number") and _ID.match(plain(cells[0])):
        return 0
    return first_column(table.header)


def _identified(
    table: Table, columns: dict[Role, int], first: int, *, about_tests: bool
) -> Iterator[Fact]:
    for row in table.rows:
        name = plain(row.cells[first])
        spaced = _SPACED_ID.match(name)
        rest = name[spaced.end() :].strip(" :–—-") if spaced else ""
        name = spaced[1] if spaced else name
        if not _ID.match(name):
            continue
        story = _story(table, row.cells) or _text(row.cells, columns, first, Role.STORY)
        scenario = _text(row.cells, columns, first, Role.SCENARIO, Role.EXPECTED)
        if story is None and scenario is None and about_tests:
            scenario = _text(row.cells, columns, first, Role.DESCRIPTION)
        story = story or rest or None
        yield ScenarioFact(Scenario(name, row.line, story, scenario), Trust.STATED)


def _story(table: Table, cells: tuple[str, ...]) -> str | None:
    """A story whose parts stand in columns `As a | I want | So that`."""
    said = [header_words(cell) for cell in table.header]
    if "as a" not in said or "i want" not in said:
        return None
    role, wish = plain(cells[said.index("as a")]), plain(cells[said.index("i want")])
    article = "an" if role[:1].lower() in tuple("aeiou") else "a"
    return f"As {article} {role}, I want {wish}"


def _text(
    cells: tuple[str, ...], columns: dict[Role, int], first: int, *wanted: Role
) -> str | None:
    for role in wanted:
        column = columns.get(role)
        if column is not None and column != first:
            return plain(cells[column]) or None
    return None


def _named(table: Table, columns: dict[Role, int], first: int) -> Iterator[Fact]:
    """Test cases without an id: the scenario's own words are its id."""
    for row in table.rows:
        name = plain(row.cells[first])
        if not name:
            continue
        given = _text(row.cells, columns, first, Role.INPUT)
        expected = _text(row.cells, columns, first, Role.EXPECTED)
        parts = [part for part in (given, expected) if part]
        yield ScenarioFact(Scenario(name, row.line, None, " → ".join(parts) or None), Trust.STATED)


def read_heading(heading: Heading) -> Iterator[Fact]:
    """`#### US-PAY-001: Pay an invoice`."""
    text = re.sub(r"^\d+(?:\.\d+)*\.?\s+", "", heading.section.title)
    around = heading.section.parent
    if around is not None and around.speaks_of(*_ABOUT_TESTS) and _STORY_ID.match(text):
        text = _ID_AND_TITLE.sub(r"\1: ", text[:300])
    yield from _leading(text, heading.line, heading.section, around=heading.section.parent)


_ID_AND_TITLE = re.compile(r"\A([A-Z][A-Z0-9]*(?:[-_][A-Z]+)*[-_]\d[\w.]*)\s+(?=[\w\"'])")


def read_item(item: Item) -> Iterator[Fact]:
    """`- **TC-001**: rejects an expired card`."""
    yield from _steps(item.lines, item.line, item.caption, item.section)
    if not item.section.speaks_of("reference", "tbc", "document control"):
        text = "\n".join(item.lines)
        bare = _BARE_ID.match(text[:80]) if item.section.speaks_of("test") else None
        if bare and not _LEADING_ID.match(text[:1200]):
            told = plain(text[bare.end() :].replace("\n", " "))[:600]
            yield ScenarioFact(Scenario(bare[1], item.line, None, told or None), Trust.TOLD)
            return
        yield from _leading(text, item.line, item.section, around=item.section)


def read_paragraph(paragraph: Paragraph) -> Iterator[Fact]:
    """`**Scenario X-1: pays an invoice**` with its steps below, and `**US-1** - As a user, ...`."""
    first = paragraph.lines[0]
    yield from _steps(paragraph.lines, paragraph.line, "", paragraph.section)
    if not first.startswith("**"):
        return
    titled = _BOLD_SCENARIO.match(first[:300])
    if titled and not _LEADING_ID.match(first[:300]):
        steps = " ".join(paragraph.lines[1:])[:600]
        name = plain(titled[1]).strip(" :")
        yield ScenarioFact(Scenario(name, paragraph.line, None, plain(steps) or None), Trust.TOLD)
        return
    text = "\n".join(paragraph.lines)
    yield from _leading(text, paragraph.line, paragraph.section, around=paragraph.section)


_BOLD_SCENARIO = re.compile(r"\*\*\s*(?:Test\s+)?Scenario(?:\s+\d+)?\s*[:–—-]\s*([^*]{3,120})\*\*")


_CRITERION = re.compile(r"(?:AC|CA)[-_ ]?\d+\Z")


def _story_of(section: Section) -> str | None:
    """The id of the story a section is about: its numbered criteria belong to it."""
    ids = (_LEADING_ID.match(without_number(one.title)) for one in section.lineage())
    return next((found["id"] for found in ids if found), None)


def _leading(
    text: str, line: int, section: Section, *, around: Section | None
) -> Iterator[ScenarioFact]:
    """A scenario whose id leads a heading, item or paragraph. An id of any letters counts only
    where the document speaks of tests, or in words that only a scenario or story has."""
    text = text[:1200]
    found = _LEADING_ID.match(text)
    if not found or section.lowered.startswith(_ASIDE):
        return
    told = plain(found["text"].replace("\n", " ")).strip(" *") or None
    if _CRITERION.match(found["id"]) and around is not None:
        story = _story_of(around)
        if story:
            yield ScenarioFact(Scenario(story, line, None, told), Trust.HINT)
            return
    if not (found["word"] or _STORY_ID.match(found["id"])):
        about = around is not None and around.speaks_of(*_ABOUT_TESTS)
        if not about and not _SCENARIO_WORDS.search(text):
            return
        if any(word in section.lowered for word in _ASIDE):
            return
    is_story = bool(_STORY.search(told or "")) and not _GIVEN.search(told or "")
    is_test = bool(_TEST_ID.match(found["id"])) or bool(_GIVEN.search(told or ""))
    if is_test and not is_story:
        yield ScenarioFact(Scenario(found["id"], line, None, told), Trust.TOLD)
    else:
        yield ScenarioFact(Scenario(found["id"], line, told), Trust.TOLD)


_GIVEN = re.compile(r"\bgiven\b.{3,}|\bwhen\b.{3,}\bthen\b", re.I | re.S)
_STORY = re.compile(r"\bas an? [\w ]{2,40},? i (?:want|can|need)\b", re.I)
_TEST_ID = re.compile(r"(?:TC|UT|IT|AT|TS|E2E)(?:[-_ ][A-Z]+)*[-_ ]?\d|[A-Z]+-[A-Z]*T-?\d")
_STEPS = re.compile(r"[-*\s]*\**(?:given|when|then|and)\b", re.I)


def _steps(lines: tuple[str, ...], line: int, caption: str, section: Section) -> Iterator[Fact]:
    """`Given … when … then …` below a heading or caption that holds the scenario's id."""
    if not _STEPS.match(lines[0]):
        return
    for title in (caption, without_number(section.title)):
        found = _LEADING_ID.match(title) if title else None
        if found:
            text = plain(" ".join(lines))[:600]
            yield ScenarioFact(Scenario(found["id"], line, None, text), Trust.HINT)
            return


_BARE_ID = re.compile(
    r"[*`]*((?:[A-Z][A-Z0-9]{0,7}-){1,3}(?:[A-Z]{0,3}T|TC|TS|AC|SC)-?\d[\w.]*)[*`]*\s+(?=\w)"
)
_SPACED_ID = re.compile(r"([A-Z][A-Z0-9]{0,7}(?:[-_][A-Z]{1,10}){0,3}[-_]\d[\w.]*)\s")
_GHERKIN = re.compile(r"\s*(?:Scenario(?: Outline)?|Example):\s*(.+)")
_STEP = re.compile(r"\s*(Given|When|Then|And|But)\b(.*)")


def read_gherkin(fence: Fence) -> Iterator[Fact]:
    """`Scenario:` blocks with their steps."""
    if "Scenario" not in fence.text:
        return
    name, line, steps = "", 0, list[str]()
    for offset, text in enumerate(fence.text.split("\n")):
        found = _GHERKIN.match(text[:600])
        if found:
            if name:
                yield _scenario(name, line, steps)
            name, line, steps = plain(found[1]), fence.line + offset, []
        elif name and _STEP.match(text[:600]) and len(steps) < 50:
            steps.append(text.strip()[:300])
    if name:
        yield _scenario(name, line, steps)


def _scenario(name: str, line: int, steps: list[str]) -> ScenarioFact:
    found = _LEADING_ID.match(name)
    bare = _SPACED_ID.match(name)
    identifier = found["id"] if found else bare[1] if bare else name
    return ScenarioFact(Scenario(identifier, line, None, " ".join(steps) or None), Trust.TOLD)
