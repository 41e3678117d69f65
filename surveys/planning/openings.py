"""The open time that is left of a campaign's window, by the organisation's calendar."""

from __future__ import annotations

import datetime as dt

from surveys.free_days import find_free_days
from surveys.models import Campaign, Organisation
from surveys.planning.calendar import Hours, Slot, open_slots


def list_openings(
    campaign: Campaign,
    organisation: Organisation,
    *,
    not_before: dt.datetime,
    last: dt.date | None = None,
) -> list[Slot]:
    """Return the slots of the window that end behind `not_before`, the first one cut to it.

    `last` is another last day than the window's: reminders may leave after it.
    """
    last = last or campaign.last_day
    zone = organisation.zone
    first = max(campaign.first_day, not_before.astimezone(zone).date())
    hours = Hours(
        zone,
        frozenset(campaign.weekdays),
        campaign.day_start,
        campaign.day_end,
        find_free_days(organisation, first=first, last=last),
    )
    return list(open_slots(hours, first=first, last=last, not_before=not_before))
