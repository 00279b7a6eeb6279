"""What starts a function, from a trigger's cell or from what else is said of the function."""

from __future__ import annotations

import re

from lld.model import Trigger
from lld.text import first_code, plain, routes_in

_TRIGGERS: tuple[tuple[Trigger, re.Pattern[str]], ...] = tuple(
    (trigger, re.compile(signs))
    for trigger, signs in (
        (
            Trigger.AUTHORIZER,
            r"^(?:api gateway\W{0,3})?(?:(?:lambda|custom|token|request)\s+)?authori[sz]er",
        ),
        (Trigger.SQS, r"\bsqs\b|queue"),
        (Trigger.DYNAMODB_STREAM, r"\bstreams?\b"),
        (
            Trigger.SCHEDULE,
            r"schedule|\bcron|\brate\s*[(:=]|\b(?:hourly|daily|nightly|weekly|monthly)\b"
            r"|\bevery (?:\d+|minute|hour|day|night|week|month)",
        ),
        (Trigger.EVENTBRIDGE, r"event\s?bridge|cloudwatch event|event bus|\brule\b"),
        (Trigger.SNS, r"\bsns\b|\btopic\b"),
        (Trigger.S3, r"\bs3\b|bucket|object created"),
        (
            Trigger.API,
            r"\bapi|\bweb\s?socket|\$(?:connect|disconnect|default)\b|\bhttps?\b|\brest\b|\balb\b"
            r"|webhook|function url",
        ),
    )
)


def trigger_of(text: str) -> Trigger | None:
    """What starts a function, from the words of a cell."""
    lowered = plain(text).lower()
    if not lowered or lowered in ("-", "–", "—", "n/a"):
        return None
    for trigger, signs in _TRIGGERS:
        if signs.search(lowered[:200]):
            return trigger
    return Trigger.API if routes_in(text) else Trigger.OTHER


_STARTED = re.compile(
    r"\b(?:triggered|invoked|started|starts|run|runs|fired|activated|driven|scheduled|executed)\s+"
    r"(?:by|from|on|via|every|at|when|through|daily|nightly|hourly|weekly)\b.*",
    re.S,
)
_CONSUMES = re.compile(
    r"\b(?:consum(?:es|er|ing)|polls|listens (?:to|on)|subscribe[sd] to"
    r"|(?:reads|takes) (?:messages |events )?from"
    r"|(?:processes|handles) (?:messages|events|records) (?:from|of))\b.*",
    re.S,
)
_LEADING = re.compile(
    r"\A[\W_]*(?:(?:aws|amazon|lambda|custom|token|request)\s+)*"
    r"(?:authori[sz]er\b|dynamodb streams?\b"
    r"|(?:sqs|sns|s3|event\s?bridge)(?=\s*(?:[:(`,;.]|\Z|queue|topic|events?\b|trigger|rule|bucket|[\w.]+-[\w{}$-]+\s*\Z)))"
    r".*",
    re.S,
)
_TIMED = re.compile(
    r"\bcron\s*[:(]?\s*[\d*].*|\brate\s*\(.*|\bschedule[dr]?\b.*"
    r"|\bevery (?:\d+ (?:minute|hour|day)s?|minute|hour|day|night|week|month)\b.*"
    r"|\b(?:nightly|hourly)\b.*",
    re.S,
)


def trigger_told(text: str) -> Trigger | None:
    """What starts a function, from a sentence about it that says so: `runs every night`,
    `consumes the orders queue`. What it writes to or calls is no trigger."""
    lowered = plain(text).lower()[:600]
    for pattern in (_STARTED, _CONSUMES, _LEADING, _TIMED):
        found = pattern.search(lowered)
        trigger = trigger_of(found[0]) if found else None
        if trigger not in (None, Trigger.OTHER):
            return trigger
    return None


_TIMING = re.compile(r"\b(cron|rate)\s*[:(]\s*([^()]{3,60})\)?", re.I)


def source_of(text: str) -> str | None:
    """The queue, topic, bucket or schedule that a trigger cell names."""
    code = first_code(text)
    if code:
        return code
    timing = _TIMING.search(plain(text))
    if timing:
        return f"{timing[1].lower()}({timing[2].strip()})"
    _, colon, after = plain(text).partition(":")
    name = after.strip() if colon else ""
    return name or None
