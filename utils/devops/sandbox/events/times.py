"""When a schedule is due: `rate(…)`, `cron(…)` and `at(…)` as EventBridge reads them."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}


@dataclass(frozen=True, slots=True)
class Cron:
    """The six fields; the last three may name months and days."""

    minutes: str
    hours: str
    month_days: str
    months: str
    week_days: str
    years: str

    def matches(self, moment: datetime) -> bool:
        """Whether the schedule is due in this minute."""
        return (
            _in(self.minutes, moment.minute, 0, 59)
            and _in(self.hours, moment.hour, 0, 23)
            and _in(self.months, moment.month, 1, 12, _MONTHS)
            and _in(self.years, moment.year, 1970, 2199)
            and self._day(moment)
        )

    def _day(self, moment: datetime) -> bool:
        last = calendar.monthrange(moment.year, moment.month)[1]
        week_day = moment.isoweekday() % 7 + 1
        if self.month_days == "L":
            return moment.day == last
        if self.month_days.endswith("W"):
            return moment.day == _nearest_weekday(moment, int(self.month_days[:-1]), last)
        if self.week_days.endswith("L"):
            return week_day == _number(self.week_days[:-1], _DAYS) and moment.day > last - 7
        if "#" in self.week_days:
            day, _, which = self.week_days.partition("#")
            return week_day == _number(day, _DAYS) and (moment.day - 1) // 7 + 1 == int(which)
        return _in(self.month_days, moment.day, 1, 31) and _in(
            self.week_days, week_day, 1, 7, _DAYS
        )


def period(expression: str) -> timedelta | None:
    """The period of a rate; None for anything else."""
    found = _RATE.fullmatch(expression)
    return timedelta(**{f"{found[2]}s": int(found[1])}) if found else None


def cron(expression: str) -> Cron | None:
    """The cron schedule an expression states, if it does."""
    found = _CRON.fullmatch(expression)
    return Cron(*found.groups()) if found else None


def once(expression: str) -> datetime | None:
    """The moment of `at(…)`, without a zone."""
    found = _AT.fullmatch(expression)
    return datetime.fromisoformat(found[1]) if found else None


def _in(field: str, value: int, low: int, high: int, names: dict[str, int] | None = None) -> bool:
    return any(_part(part, value, low, high, names or {}) for part in field.split(","))


def _part(part: str, value: int, low: int, high: int, names: dict[str, int]) -> bool:
    part, _, step = part.partition("/")
    if part in ("*", "?"):
        first, last = low, high
    else:
        start, _, end = part.partition("-")
        first = _number(start, names)
        last = _number(end, names) if end else (high if step else first)
    return first <= value <= last and (value - first) % int(step or 1) == 0


def _number(text: str, names: dict[str, int]) -> int:
    return names[text.upper()] if text.upper() in names else int(text)


def _nearest_weekday(moment: datetime, day: int, last: int) -> int:
    wanted = moment.replace(day=min(day, last))
    if wanted.isoweekday() == 6:
        return wanted.day - 1 if wanted.day > 1 else wanted.day + 2
    if wanted.isoweekday() == 7:
        return wanted.day + 1 if wanted.day < last else wanted.day - 2
    return wanted.day
