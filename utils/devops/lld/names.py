"""Names that headings, captions and cells give to things: models, entities, indexes, functions."""

from __future__ import annotations

import re
from functools import lru_cache

from lld.text import fold, plain, vocabulary, words

_NUMBERING = re.compile(
    r"^\s*(?:(?:appendix|section)\s+)?(?:\d+(?:\.\d+)*|[A-Z])[.):]?\s+(?=\S)", re.I
)
_SECTION_NUMBER = re.compile(r"^\s*\d+(?:\.\d+)*[.):]?\s+")
_PARENTHESIS = re.compile(r"\([^()]*\)")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w]*\Z")

_TAIL = vocabulary(
    "entity entities model models schema object objects table attributes attribute structure "
    "fields field definition definitions item items record records class dto interface type "
    "payload data properties json example format pydantic dynamodb nested embedded map document "
    "shape dataclass typescript"
)
_HEAD = vocabulary("the dynamodb pydantic table entity model class interface object embedded")
_GENERIC = vocabulary(
    "database databases storage store persistence "
    "request response requests responses body headers header parameters parameter query path "
    "error errors success message event events input output result results example examples "
    "primary key keys base attributes common general index indexes indices gsi gsis lsi secondary "
    "global local dynamodb schema schemas data model models table tables design single overview "
    "detail details item items fields validation rules constraints properties configuration "
    "config settings metadata environment variables capacity ttl access patterns pattern api rest "
    "endpoint endpoints optional required form multipart url claims jwt token cookie cookies "
    "webhook entity entities core main other additional specification summary definition object "
    "objects type types structure payload all new of and for in the a an cognito user-pool pool "
    "custom"
)


def without_number(title: str) -> str:
    """A heading without its section number."""
    return _SECTION_NUMBER.sub("", plain(title)).strip()


@lru_cache(maxsize=2048)
def model_name(title: str) -> str | None:
    """The model a heading or caption announces (`5.1.4 Order Entity Attributes` -> `Order`)."""
    text = _PARENTHESIS.sub(" ", without_number(title)).split(" - ")[0]
    if ":" in text:
        before, _, after = text.partition(":")
        text = after if all(word in _TAIL or word in _HEAD for word in words(before)) else before
    parts = [part for part in re.split(r"[\s/]+", text.strip(" :")) if part]
    while parts and parts[-1].lower().strip(",.") in _TAIL:
        parts.pop()
    while parts and parts[0].lower() in _HEAD:
        parts.pop(0)
    if not 1 <= len(parts) <= 4 or not all(_IDENTIFIER.match(part) for part in parts):
        return None
    if all(part.lower() in _GENERIC for part in parts) or parts[0][0].islower():
        return None
    if len(parts) > 1 and not all(part[0].isupper() for part in parts):
        return None
    return "".join(part[0].upper() + part[1:] for part in parts)


_BODIES = vocabulary("request response event message payload command reply")
_NO_BODY = vocabulary(
    "sample bad get post put patch delete typical full minimal valid invalid raw http https first "
    "last next same each every this that no any"
)


@lru_cache(maxsize=2048)
def spoken_name(title: str) -> tuple[str, bool] | None:
    """The name that a caption in plain words gives, `Export job (response)` -> `ExportJob`, and
    whether its last word says that it is a body or message: `Export request`."""
    said = words(_PARENTHESIS.sub(" ", without_number(title)))
    bare = re.sub(r"[A-Za-z0-9 ]", "", _PARENTHESIS.sub(" ", without_number(title)))
    if bare or not 1 < len(said) <= 4 or said[0] in _NO_BODY:
        return None
    is_body = said[-1] in _BODIES
    telling = said[:-1] if is_body else said
    if any(word in _GENERIC or word in _TAIL for word in telling):
        return None
    return "".join(word.capitalize() for word in said), is_body


@lru_cache(maxsize=2048)
def is_generic(title: str) -> bool:
    """Whether a heading or caption names only a kind of thing: `Attributes`, `Table Schema`."""
    text = _PARENTHESIS.sub(" ", without_number(title))
    return all(word in _GENERIC or word in _TAIL or word.isdigit() for word in words(text))


def is_tail(title: str) -> bool:
    """Whether a caption only repeats what a table is, so that the heading above names the thing:
    `Attributes`, `Schema`, but not `Request Body`."""
    said = words(title)
    return bool(said) and all(word in _TAIL for word in said)


@lru_cache(maxsize=2048)
def entity_name(title: str) -> str | None:
    """The entity a heading or caption announces, with its qualifier: `Cart (Registered)`."""
    text = without_number(title)
    qualifier = _PARENTHESIS.search(text)
    bare = model_name(text)
    if bare is None:
        return None
    inner = qualifier[0][1:-1].strip() if qualifier else ""
    keep = bool(inner) and len(inner.split()) <= 3 and not is_generic(inner)
    return f"{bare} ({inner})" if keep else bare


_NUMBERED_INDEX = re.compile(
    r"(?:(?:gsi|lsi)|(?:(?:global|local)\s+)?(?:secondary\s+)?index)[\s_-]*(\d+)?\b\s*"
    r"(?:\(([^()]*)\))?\s*(?:(?::|\s[-–—])\s*(.+))?\Z",
    re.I,
)
_NAMED_INDEX = re.compile(
    r"([A-Za-z][\w.-]*)\s*\((?:gsi|global secondary index|lsi|index)[\s_-]*(\d*)\)", re.I
)
_SAID_INDEX = re.compile(
    r"(?:gsi|(?:(?:global\s+)?secondary\s+)?index)\s+([A-Za-z][\w-]+)\s*(?:\([^()]*\))?\Z", re.I
)
_INDEX_WORD = re.compile(r"([A-Za-z][\w-]*(?:Index|index|INDEX|[-_]gsi|GSI|[-_]idx))(?=\s|$|[:(,])")
_FIRST_NAME = re.compile(r"([A-Za-z][\w.-]*)(?=\s*(?:$|\(|[:–—,]|\s-))")


@lru_cache(maxsize=2048)
def index_name(title: str) -> tuple[str, str | None] | None:
    """Name and alias of the index a heading, caption or cell announces (`GSI1: EmailIndex`)."""
    text = without_number(title).strip(" :")[:160]
    numbered = _NUMBERED_INDEX.match(text)
    if numbered:
        alias = f"GSI{numbered[1]}" if numbered[1] else None
        for candidate in (numbered[3], numbered[2]):
            name = _FIRST_NAME.match(candidate.strip()) if candidate else None
            if name and (_looks_named(name[1])):
                return name[1], alias
        return (alias, None) if alias else None
    named = _NAMED_INDEX.match(text)
    if named:
        return named[1], f"GSI{named[2]}" if named[2] else None
    said = _SAID_INDEX.match(text)
    if said and _looks_named(said[1]):
        return said[1], None
    word = _INDEX_WORD.match(text)
    if word and fold(word[1]) not in ("index", "secondaryindex", "globalsecondaryindex", "gsi"):
        return word[1], None
    return None


def _looks_named(name: str) -> bool:
    return len(words(name)) > 1 or name.lower().endswith(("index", "gsi")) or "-" in name


def is_index_name(name: str) -> bool:
    """Whether a name alone says that it is an index: `status-index`, `ByState`, `EmailIndex`."""
    lowered = name.lower()
    return "index" in lowered or "gsi" in lowered or lowered.startswith("by") or "-" in name


def is_index_cell(text: str) -> bool:
    """Whether a cell of a table names an index."""
    name = plain(text)
    return bool(re.match(r"(?i)(gsi|lsi)[\s_-]*\d*\b", name)) or name.endswith(("Index", "-index"))


def camel(name: str) -> str:
    """A name as a class name."""
    return "".join(part[0].upper() + part[1:] for part in words(name))


_NOISE = vocabulary("bbws lambda function fn handler func env dev sit prod the api svc service")


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        return word[:-1]
    return word


@lru_cache(maxsize=2048)
def function_key(name: str) -> frozenset[str]:
    """The telling words of a function's name, whatever prefix, suffix and order it has."""
    from lld.text import without_environment

    telling = [word for word in words(without_environment(name)) if word not in _NOISE]
    return frozenset(_singular(word) for word in telling) or frozenset(words(name))


_FUNCTION_TITLE = re.compile(
    r"(?:(?:lambda(?:\s+function)?|function|handler)(?:\s+\d+)?\s*[:–—-]\s*)"
    r"([A-Za-z][\w${}.-]*)(?:\s*\(.*\))?\Z",
    re.I,
)
_TITLE_FUNCTION = re.compile(
    r"((?-i:[A-Z][a-z]+[A-Z]\w+)|[A-Za-z]\w*(?:[_-][\w${}]+)+)\s+(?:lambda|function|handler).*\Z",
    re.I,
)


@lru_cache(maxsize=2048)
def function_in_title(title: str) -> str | None:
    """The function a heading announces: `Function: create_ticket`, `create_ticket Lambda`."""
    text = without_number(title)
    found = _FUNCTION_TITLE.match(text) or _TITLE_FUNCTION.match(text)
    if not found:
        return None
    name = found[1]
    return name if len(words(name)) > 1 or name.islower() else None


_SERVICES = vocabulary(
    "handler service repository dao client controller manager factory builder validator publisher "
    "gateway logger provider adapter helper util utils processor engine middleware authorizer "
    "exception error interface queue topic bucket table lambda function api component page hook "
    "context store sender generator resolver dispatcher consumer producer listener mapper "
    "formatter wrapper strategy"
)


def is_service_name(name: str) -> bool:
    """Whether a class is named for what it does, not for what it holds."""
    parts = words(name)
    return bool(parts) and parts[-1] in _SERVICES
