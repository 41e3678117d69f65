"""Moments to come back to something, on a working clock. Pure.

They lie at the start of a working day, so that nobody is called back to work on a holiday.
"""

from __future__ import annotations

import datetime as dt

from closeloop.targets import LONGEST_SEARCH_DAYS, WorkingHours

DAY = dt.timedelta(days=1)


def start_of_work(day: dt.date, hours: WorkingHours) -> dt.datetime:
    """The moment (UTC) at which the first working day from `day` on begins."""
    for number in range(LONGEST_SEARCH_DAYS):
        working = hours.on(day + number * DAY)
        if working:
            return working[0]
    # Only with a calendar on which nobody ever works: better a plain morning than none.
    return dt.datetime.combine(day, hours.start, tzinfo=hours.zone).astimezone(dt.UTC)


def last_start_before(
    limit: dt.datetime, hours: WorkingHours, *, after: dt.datetime
) -> dt.datetime:
    """The last beginning of a working day up to `limit`; `limit` itself when there is none."""
    day = limit.astimezone(hours.zone).date()
    while day > after.astimezone(hours.zone).date():
        working = hours.on(day)
        if working and working[0] <= limit:
            return working[0]
        day -= DAY
    return limit


def tomorrow(now: dt.datetime, hours: WorkingHours) -> dt.datetime:
    return start_of_work(now.astimezone(hours.zone).date() + DAY, hours)


def next_monday(now: dt.datetime, hours: WorkingHours) -> dt.datetime:
    """The next Monday, not today, or the first working day after it."""
    today = now.astimezone(hours.zone).date()
    return start_of_work(today + (7 - today.weekday()) * DAY, hours)


def in_a_week(now: dt.datetime, hours: WorkingHours) -> dt.datetime:
    return start_of_work(now.astimezone(hours.zone).date() + 7 * DAY, hours)
