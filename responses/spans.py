"""Days in a row: what came before them, the same a year earlier, and how a line is cut up. Pure.

A verdict compares whole calendar periods, or as many days: a running week or month is held against
the same days of the one before, any other days against as many directly before them. A year earlier
is the same month or quarter, and 364 days back for other days: weekdays then fall on weekdays.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

DAY = dt.timedelta(days=1)
# Fifty-two weeks: a Monday stays a Monday.
YEAR_OF_WEEKS = dt.timedelta(days=364)
MONTHS_IN_A_YEAR = 12
DAYS_IN_A_WEEK = 7


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `first` to `last`, both included."""

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError("A span ends on the day it begins, or later.")

    def __contains__(self, day: dt.date) -> bool:
        return self.first <= day <= self.last

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def months(self) -> int:
        """How many whole calendar months it is; 0 when it begins or ends within one."""
        after = self.last + DAY
        if self.first.day != 1 or after.day != 1:
            return 0
        return 12 * (after.year - self.first.year) + after.month - self.first.month

    @property
    def is_week(self) -> bool:
        """Whether it is one from a Monday to a Sunday."""
        return self.days == DAYS_IN_A_WEEK and self.first.weekday() == 0

    @property
    def is_in_one_month(self) -> bool:
        """Whether it is a month, or a month up to some day; a single day is only that."""
        month = (self.first.year, self.first.month)
        return self.first.day == 1 < self.days and month == (self.last.year, self.last.month)


def shift_months(first: dt.date, months: int) -> dt.date:
    """Return the first day of the month so many months later, or earlier."""
    year, month = divmod(12 * first.year + first.month - 1 + months, 12)
    return dt.date(year, month + 1, 1)


def first_of_months(months: int, day: dt.date) -> dt.date:
    """Return the first day of the month, quarter (3) or year (12) that a day lies in."""
    return day.replace(month=day.month - (day.month - 1) % months, day=1)


def midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the moment at which a day begins."""
    return dt.datetime.combine(day, dt.time.min, tzinfo=zone)


def same_day_a_year_before(day: dt.date) -> dt.date:
    if (day.month, day.day) == (2, 29):
        return day.replace(year=day.year - 1, day=28)
    return day.replace(year=day.year - 1)


def cut_at(span: Span, today: dt.date) -> Span:
    """Return what has come of it: a running period ends today."""
    return Span(span.first, max(span.first, min(span.last, today)))


def span_before(span: Span, *, today: dt.date) -> Span:
    """Return the days to hold a span against; of a running one only as many as have come."""
    come = cut_at(span, today)
    months = span.months or int(span.is_in_one_month)
    if not months:
        back = DAY * (span.days if span.is_week else come.days)
        return Span(come.first - back, come.last - back)
    return _first_days(shift_months(span.first, -months), months, span=span, come=come)


def span_a_year_before(span: Span, *, today: dt.date) -> Span | None:
    """Return the same days a year earlier; None when they would be partly the same days."""
    come = cut_at(span, today)
    months = span.months or int(span.is_in_one_month)
    if 0 < months <= MONTHS_IN_A_YEAR:
        first = shift_months(span.first, -MONTHS_IN_A_YEAR)
        return _first_days(first, months, span=span, come=come)
    if come.days < YEAR_OF_WEEKS.days:
        return Span(come.first - YEAR_OF_WEEKS, come.last - YEAR_OF_WEEKS)
    first, last = same_day_a_year_before(come.first), same_day_a_year_before(come.last)
    return Span(first, last) if last < come.first else None


def _first_days(first: dt.date, months: int, *, span: Span, come: Span) -> Span:
    """The months from `first` on: all of them if `span` is over, else as many days of them."""
    end = shift_months(first, months) - DAY
    if span.months and come == span:
        return Span(first, end)
    return Span(first, min(end, first + (come.days - 1) * DAY))


class Grain(enum.StrEnum):
    """How wide a point of a line is, the finest first."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


def first_of(grain: Grain, day: dt.date) -> dt.date:
    """Return the first day of the period that a day lies in; a week begins on Monday."""
    match grain:
        case Grain.DAY:
            return day
        case Grain.WEEK:
            return day - day.weekday() * DAY
        case Grain.MONTH:
            return day.replace(day=1)
        case Grain.QUARTER:
            return first_of_months(3, day)


def next_of(grain: Grain, first: dt.date) -> dt.date:
    match grain:
        case Grain.DAY:
            return first + DAY
        case Grain.WEEK:
            return first + 7 * DAY
        case Grain.MONTH:
            return shift_months(first, 1)
        case Grain.QUARTER:
            return shift_months(first, 3)


def each_of(grain: Grain, span: Span) -> Iterator[Span]:
    """Yield the whole periods that hold a span, so that the first and last may reach beyond it."""
    first = first_of(grain, span.first)
    while first <= span.last:
        following = next_of(grain, first)
        yield Span(first, following - DAY)
        first = following


def earlier_by_a_year(grain: Grain, span: Span) -> Span:
    """Return the period a year before one of `each_of`: the same month, or 52 weeks earlier."""
    if grain in (Grain.DAY, Grain.WEEK):
        return Span(span.first - YEAR_OF_WEEKS, span.last - YEAR_OF_WEEKS)
    first = shift_months(span.first, -MONTHS_IN_A_YEAR)
    return Span(first, next_of(grain, first) - DAY)


def shorten_likewise(other: Span, whole: Span, part: Span) -> Span:
    """Return of another period what `part` is of `whole`: a month that has begun stays one."""
    first = min(other.first + (part.first - whole.first), other.last)
    if part.last == whole.last:
        return Span(first, other.last)
    return Span(first, max(first, min(other.first + (part.last - whole.first), other.last)))
