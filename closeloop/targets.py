"""By when somebody should hear from us: response targets on the organisation's working clock. Pure.

A target is a number of working days, and a working day is the length of one: an answer of Monday
14:00 with a target of one working day is due on Tuesday 14:00; one of Saturday is due when Monday
ends. A holiday is no working day. The time is counted in real elapsed seconds inside the opening
hours, so a night in which the clock is moved neither gives nor takes an hour.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

UTC = dt.UTC
DAY = dt.timedelta(days=1)
# Hours that fall wholly into the gap of a clock change exist on one day a year at most.
LONGEST_SEARCH_DAYS = 400


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When people are at work. `weekdays` counts Monday as 0; none given means every day.

    On the days of `free` nobody is, whatever the weekday.
    """

    zone: ZoneInfo
    weekdays: Sequence[int]
    start: dt.time
    end: dt.time
    free: frozenset[dt.date] = frozenset()

    @property
    def day_length(self) -> dt.timedelta:
        """The hours of a day on which the clock is not moved."""
        someday = dt.date(2001, 1, 1)
        return dt.datetime.combine(someday, self.end) - dt.datetime.combine(someday, self.start)

    def on(self, day: dt.date) -> tuple[dt.datetime, dt.datetime] | None:
        """The working hours of a day as two moments (UTC); None when nobody works."""
        if (self.weekdays and day.weekday() not in self.weekdays) or day in self.free:
            return None
        opens = dt.datetime.combine(day, self.start, tzinfo=self.zone).astimezone(UTC)
        closes = dt.datetime.combine(day, self.end, tzinfo=self.zone).astimezone(UTC)
        return (opens, closes) if opens < closes else None

    def spans_from(self, moment: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """The stretches of working time from `moment` on, the one it falls into cut short."""
        day = moment.astimezone(self.zone).date()
        for _ in range(LONGEST_SEARCH_DAYS):
            hours = self.on(day)
            if hours and hours[1] > moment:
                yield max(hours[0], moment), hours[1]
            day += DAY


def add_working_time(start: dt.datetime, length: dt.timedelta, hours: WorkingHours) -> dt.datetime:
    """Return the moment (UTC) at which `length` of working time has passed since `start`."""
    start = start.astimezone(UTC)
    left = length
    for opens, closes in hours.spans_from(start):
        if closes - opens >= left:
            return opens + left
        left -= closes - opens
    # Only reached with opening hours that hardly ever occur: better a plain date than none.
    return start + LONGEST_SEARCH_DAYS * DAY


def working_time_between(start: dt.datetime, end: dt.datetime, hours: WorkingHours) -> dt.timedelta:
    """Return the working time that passes from `start` to `end`; zero when `end` is not later.

    The inverse of `add_working_time`: how long somebody waited on the clock that promises them an
    answer. Spans of more than a year count the first LONGEST_SEARCH_DAYS days only.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    passed = dt.timedelta()
    for opens, closes in hours.spans_from(start):
        if opens >= end:
            break
        passed += min(closes, end) - opens
    return passed


def due_at(start: dt.datetime, days: int, hours: WorkingHours) -> dt.datetime:
    """Return when an answer given at `start`, with `days` working days, should have been met."""
    return add_working_time(start, days * hours.day_length, hours)
