"""Whether late mail may leave now: never outside the open hours of whoever gets it."""

from __future__ import annotations

import datetime as dt
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from surveys.models import Campaign, Organisation
from surveys.planning.calendar import Hours, Slot
from surveys.planning.openings import Clock, hours_of

_DAY = dt.timedelta(days=1)


def find_open(
    campaign: Campaign, organisation: Organisation, *, now: dt.datetime
) -> bool | frozenset[str]:
    """Return whether the campaign's hours are open now.

    By the recipients' clock: in which time zones they are; the empty name is of those who have
    none, and live by the organisation's.
    """
    zone = organisation.zone
    today = now.astimezone(zone).date()
    # Somewhere on earth it is yesterday or tomorrow already.
    hours = hours_of(campaign, organisation, zone=zone, first=today - _DAY, last=today + _DAY)
    is_open = hours.is_open(now)
    if campaign.clock == Clock.ORGANISATION:
        return is_open
    # Opening hours have whole minutes, and so has every clock change.
    minute = now.replace(second=0, microsecond=0)
    names = _open_zones(hours.weekdays, hours.opens, hours.closes, hours.free, minute)
    return names | {""} if is_open else names


def find_slot(campaign: Campaign, organisation: Organisation, *, now: dt.datetime) -> Slot | None:
    """Return the campaign's hours of today by the organisation's clock, while they last."""
    zone = organisation.zone
    today = now.astimezone(zone).date()
    slot = hours_of(campaign, organisation, zone=zone, first=today, last=today).slot(today)
    return slot if slot is not None and slot.start <= now < slot.end else None


@lru_cache(maxsize=32)
def _open_zones(
    weekdays: frozenset[int],
    opens: dt.time,
    closes: dt.time,
    free: frozenset[dt.date],
    minute: dt.datetime,
) -> frozenset[str]:
    return frozenset(
        name
        for name, zone in _read_zones().items()
        if Hours(zone, weekdays, opens, closes, free).is_open(minute)
    )


@cache
def _read_zones() -> dict[str, ZoneInfo]:
    """All there are; kept, since ZoneInfo itself remembers only the last few it has read."""
    return {name: ZoneInfo(name) for name in available_timezones()}
