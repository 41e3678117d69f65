"""How many mails a campaign may send on which day: its daily limit, and its slow start."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from surveys.models import Campaign, Organisation
from surveys.planning.openings import hours_of
from surveys.planning.quotas import grow


def limit_days(campaign: Campaign, organisation: Organisation) -> Mapping[dt.date, int] | None:
    """Return the most mails of each day of the window on which some may leave; None: no limit.

    A slow start counts these days from the first of the window on, whenever it is asked.
    """
    if campaign.daily_limit is None:
        return None
    first, last = campaign.first_day, campaign.last_day
    hours = hours_of(campaign, organisation, zone=organisation.zone, first=first, last=last)
    days = map(dt.date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
    open_days = [day for day in days if day.weekday() in hours.weekdays and day not in hours.free]
    limits = [campaign.daily_limit] * len(open_days)
    if campaign.ramp_start and campaign.ramp_days:
        rising = grow(campaign.ramp_start, campaign.daily_limit, campaign.ramp_days)
        limits[: len(rising)] = rising[: len(limits)]
    return dict(zip(open_days, limits, strict=True))


def limit_of_day(campaign: Campaign, organisation: Organisation, day: dt.date) -> int | None:
    limits = limit_days(campaign, organisation)
    return None if limits is None else limits.get(day, campaign.daily_limit)
