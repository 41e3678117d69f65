"""The open time that is left of a campaign's window, by the organisation's calendar."""

from __future__ import annotations

import datetime as dt

from surveys.free_days import find_free_days
from surveys.models import Campaign, Organisation
from surveys.planning.calendar import Hours, Slot, open_slots


def list_openings(
    campaign: Campaign, organisation: Organisation, *, not_before: dt.datetime
) -> list[Slot]:
    """Return the slots of the window that end behind `not_before`, the first one cut to it."""
    zone = organisation.zone
    first = max(campaign.first_day, not_before.astimezone(zone).date())
    hours = Hours(
        zone,
        frozenset(campaign.weekdays),
        campaign.day_start,
        campaign.day_end,
        find_free_days(organisation, first=first, last=campaign.last_day),
    )
    return list(open_slots(hours, first=first, last=campaign.last_day, not_before=not_before))
