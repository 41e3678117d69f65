"""The organisation's working clock, and that of whoever works on other days than the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from closeloop.targets import WorkingHours
from surveys.free_days import find_free_days
from surveys.models import Organisation

DAY = dt.timedelta(days=1)


def load_hours(
    organisation: Organisation,
    *,
    first: dt.date,
    last: dt.date,
    weekdays: Sequence[int] | None = None,
    away: Iterable[dt.date] = (),
    zone: ZoneInfo | None = None,
) -> WorkingHours:
    """Return the opening hours, with the free days from `first` to `last` and the days `away`.

    `weekdays` stand for the organisation's; an empty list means every day. `zone` is where the
    clock stands that the hours are read from, unless it is the organisation's.
    """
    return WorkingHours(
        zone=zone or organisation.zone,
        weekdays=organisation.working_days if weekdays is None else weekdays,
        start=organisation.day_start,
        end=organisation.day_end,
        free=find_free_days(organisation, first=first, last=last) | frozenset(away),
    )
