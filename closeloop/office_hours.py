"""The organisation's own working clock, for what is not about one follow-up's target."""

from __future__ import annotations

import datetime as dt

from closeloop.targets import LONGEST_SEARCH_DAYS, WorkingHours
from surveys.free_days import find_free_days
from surveys.models import Organisation

DAY = dt.timedelta(days=1)


def load_hours(
    organisation: Organisation, *, around: dt.datetime, back: int = 0, every_day: bool = False
) -> WorkingHours:
    """Return the opening hours from `back` days before a moment on.

    `every_day` leaves the weekdays to the caller: whose working days differ has the same hours.
    """
    day = around.astimezone(organisation.zone).date()
    return WorkingHours(
        zone=organisation.zone,
        weekdays=() if every_day else organisation.working_days,
        start=organisation.day_start,
        end=organisation.day_end,
        free=find_free_days(
            organisation, first=day - back * DAY, last=day + LONGEST_SEARCH_DAYS * DAY
        ),
    )
