"""Which days a digest tells of, and which it holds them against."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from responses.models import DashboardDigest
from responses.selection import DAY, Period, days_of

Rhythm = DashboardDigest.Rhythm
COMPLETE = {Rhythm.WEEKLY: Period.PREVIOUS_WEEK, Rhythm.MONTHLY: Period.PREVIOUS_MONTH}
# Weeks are held against the same weekdays of the year before.
A_YEAR_OF_WEEKS = 364 * DAY


class Days(NamedTuple):
    first: dt.date
    last: dt.date


def complete_before(rhythm: str, today: dt.date) -> Days:
    """Return the last week or month that is over; the day after it is the day of the mail."""
    first, last = days_of(COMPLETE[Rhythm(rhythm)], today)
    if first is None or last is None:
        raise ValueError(rhythm)
    return Days(first, last)


def before(rhythm: str, days: Days) -> Days:
    """Return the week or the month before."""
    return complete_before(rhythm, days.first)


def a_year_before(rhythm: str, days: Days) -> Days:
    if rhythm == Rhythm.WEEKLY:
        return Days(days.first - A_YEAR_OF_WEEKS, days.last - A_YEAR_OF_WEEKS)
    first = days.first.replace(year=days.first.year - 1)
    return complete_before(rhythm, (first + 31 * DAY).replace(day=1))
