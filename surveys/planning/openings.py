"""The calendar of a campaign: its hours on somebody's clock, and the open time left of its window.

By the organisation's clock everybody has one calendar. By the recipients' each time zone has its
own: the same local days and hours, at other moments.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from surveys.free_days import find_free_days
from surveys.models import Campaign, Contact, Organisation
from surveys.planning.calendar import Hours, Slot, open_slots

Clock = Campaign.Clock


@dataclass(frozen=True, slots=True)
class Lane:
    """The people who have one calendar. The first lane is the organisation's own."""

    zone: ZoneInfo
    slots: tuple[Slot, ...]
    names: tuple[str, ...] = ()  # of the time zones that contacts have, beside its own


def list_openings(
    campaign: Campaign,
    organisation: Organisation,
    *,
    not_before: dt.datetime,
    last: dt.date | None = None,
    zone: ZoneInfo | None = None,
) -> list[Slot]:
    """Return the slots of the window that end behind `not_before`, the first one cut to it.

    `last` is another last day than the window's: reminders may leave after it. They are by the
    organisation's clock, or by the one of `zone`.
    """
    last = last or campaign.last_day
    zone = zone or organisation.zone
    first = max(campaign.first_day, not_before.astimezone(zone).date())
    hours = hours_of(campaign, organisation, zone=zone, first=first, last=last)
    return list(open_slots(hours, first=first, last=last, not_before=not_before))


def hours_of(
    campaign: Campaign, organisation: Organisation, *, zone: ZoneInfo, first: dt.date, last: dt.date
) -> Hours:
    """Return when the campaign may mail, with the free days from `first` to `last`."""
    return Hours(
        zone,
        frozenset(campaign.weekdays),
        campaign.day_start,
        campaign.day_end,
        find_free_days(organisation, first=first, last=last),
    )


def zone_for(campaign: Campaign, organisation: Organisation, contact: Contact | None) -> ZoneInfo:
    """Return by which clock a person is mailed."""
    if campaign.clock == Clock.ORGANISATION or contact is None:
        return organisation.zone
    return find_zone(contact.time_zone) or organisation.zone


def draw_lanes(
    campaign: Campaign, organisation: Organisation, *, not_before: dt.datetime
) -> tuple[Lane, ...]:
    """Return the calendars of all whom the campaign may ask. Zones that agree share one."""
    own = organisation.zone
    slots = tuple(list_openings(campaign, organisation, not_before=not_before))
    if campaign.clock == Clock.ORGANISATION:
        return (Lane(own, slots),)
    found: dict[tuple[Slot, ...], list[ZoneInfo]] = defaultdict(list, {slots: [own]})
    for zone in list_zones():
        theirs = list_openings(campaign, organisation, not_before=not_before, zone=zone)
        found[tuple(theirs)].append(zone)
    return tuple(
        Lane(zones[0], slots, tuple(zone.key for zone in zones)) for slots, zones in found.items()
    )


def list_zones() -> Iterable[ZoneInfo]:
    """Those of the contacts. One that this machine does not know counts as the organisation's."""
    names = Contact.objects.exclude(time_zone="").order_by("time_zone").values_list("time_zone")
    return filter(None, (find_zone(name) for (name,) in names.distinct()))


@cache
def find_zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
