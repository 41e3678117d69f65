"""How many mails a campaign may send on which day: its daily limit, its slow start, its sender."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from surveys.models import Campaign, Invitation, Organisation
from surveys.planning.openings import hours_of
from surveys.planning.quotas import grow
from surveys.planning.sharing import count_of_sender
from surveys.sending.warm_up import cap_of_day, sending_day_index

State = Invitation.State

# As good as no limit: more than anybody has contacts.
_ANY_NUMBER = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The most mails of each day; None: no limit. `others` is what is off them already, because
    other campaigns of the same sender have it."""

    days: Mapping[dt.date, int] | None
    others: Mapping[dt.date, int]


def draw_limits(campaign: Campaign, organisation: Organisation, *, today: dt.date) -> Limits:
    """Return how many mails may leave on each day of the window on which some may leave.

    A sender may have limits of its own, for all its campaigns together: no day gets more than they
    allow, less what the others have planned for it. While it warms up they grow from today on.
    """
    limits = _list_limits(campaign, organisation)
    index = sending_day_index(campaign.sender, today)
    caps = {}
    for day in limits:
        if day < today:
            continue
        cap = cap_of_day(campaign.sender, index)
        index += 1
        if cap is not None:
            caps[day] = cap
    if not caps:
        return Limits(None if campaign.daily_limit is None else limits, {})
    taken = count_of_sender(campaign.sender, organisation, today=today, but=campaign)
    for day, cap in caps.items():
        limits[day] = min(limits[day], max(0, cap - taken[day]))
    return Limits(limits, {day: taken[day] for day in caps if taken[day]})


def limit_days(
    campaign: Campaign, organisation: Organisation, *, today: dt.date
) -> Mapping[dt.date, int] | None:
    """As `draw_limits`, the days alone."""
    return draw_limits(campaign, organisation, today=today).days


def limit_of_day(campaign: Campaign, organisation: Organisation, day: dt.date) -> int | None:
    """Return the campaign's own limit of a day. That of its sender is kept by who sends."""
    if campaign.daily_limit is None:
        return None
    return _list_limits(campaign, organisation).get(day, campaign.daily_limit)


def allowance_of_day(campaign: Campaign, organisation: Organisation, day: dt.date) -> int | None:
    """Return how many mails the team's hands allow on a day, as far as that was reckoned for it.

    That of another day says nothing about this one: should the job that writes it stand still,
    campaigns go on by their own limits.
    """
    if not organisation.pace_by_team or campaign.followup_allowance_day != day:
        return None
    return campaign.followup_allowance


def count_used(campaign: Campaign, *, midnight: dt.datetime) -> int:
    """What left since midnight, is just leaving, or may have left."""
    return campaign.invitations.filter(
        Q(sent_at__gte=midnight)
        | Q(unknown_since__gte=midnight)
        | Q(state__in=[State.CLAIMED, State.SENDING])
    ).count()


def _list_limits(campaign: Campaign, organisation: Organisation) -> dict[dt.date, int]:
    """Return the campaign's own limits of the days on which it is open.

    A slow start counts these days from the first of the window on, whenever it is asked.
    """
    first, last = campaign.first_day, campaign.last_day
    hours = hours_of(campaign, organisation, zone=organisation.zone, first=first, last=last)
    days = map(dt.date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
    open_days = [day for day in days if day.weekday() in hours.weekdays and day not in hours.free]
    most = _ANY_NUMBER if campaign.daily_limit is None else campaign.daily_limit
    limits = [most] * len(open_days)
    if campaign.ramp_start and campaign.ramp_days:
        rising = grow(campaign.ramp_start, most, campaign.ramp_days)
        limits[: len(rising)] = rising[: len(limits)]
    return dict(zip(open_days, limits, strict=True))
