"""How many follow-ups the team can take on each coming day, told to whoever sends the mail.

Upstream cannot ask: it is written into tables of its own, a few times an hour.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q

from closeloop.duty import DAY, Roster, load_roster
from closeloop.models import FollowUp, Member
from surveys.models import Organisation, TeamCapacity, get_organisation
from surveys.pacing import (
    Expectations,
    add_up,
    expect_arrivals,
    expect_planned,
    find_free,
    list_demand,
    ration,
    write_allowances,
)

# As far as a campaign can be planned, and its answers after it.
AHEAD_DAYS = 400


def list_capacity(roster: Roster) -> dict[dt.date, int]:
    """Return the sum of the daily capacities of who is at work, for each day of the roster.

    The organisation's own number, where it has one, is the most of any day; without members it
    stands for them on working days. Empty: nobody ever said.
    """
    most = roster.organisation.daily_capacity
    if not roster.members and most is None:
        return {}
    days = range(roster.first.toordinal(), roster.last.toordinal() + 1)
    return {day: _of_day(roster, day, most) for day in map(dt.date.fromordinal, days)}


def _of_day(roster: Roster, day: dt.date, most: int | None) -> int:
    if not roster.members and most is not None:
        weekdays = roster.organisation.working_days
        is_open = day not in roster.free and (not weekdays or day.weekday() in weekdays)
        return most if is_open else 0
    hands = sum(member.daily_capacity for member in roster.at_work(day))
    return hands if most is None else min(hands, most)


def count_backlog() -> int:
    """Those who wait for us now."""
    return FollowUp.objects.open().filter(awaiting_contact=True).count()


def dealt_with_since(moment: dt.datetime, path: str = "") -> Q:
    """Follow-ups that took somebody's time since then: a first contact, or closed without one.

    `path` leads to them from another model, as in "user__follow_ups__".
    """
    first = f"{path}first_contacted_at"
    closed_without = Q(**{f"{path}closed_at__gte": moment, first: None})
    return Q(**{f"{first}__gte": moment}) | closed_without


def tell_capacity(*, now: dt.datetime) -> None:
    """Write the days ahead and, where the organisation wants it, what may leave today."""
    organisation = get_organisation()
    today = now.astimezone(organisation.zone).date()
    midnight = dt.datetime.combine(today, dt.time.min, organisation.zone)
    members = Member.objects.on_duty().order_by("pk")
    capacity = list_capacity(load_roster(members, organisation, first=today, days=AHEAD_DAYS))
    expectations = Expectations(organisation.zone, now)
    arrivals = expect_arrivals(expectations, today=today, midnight=midnight)
    backlog = count_backlog()
    # What was dealt with today is out of the backlog, and took of today's hands.
    done = FollowUp.objects.filter(dealt_with_since(midnight)).count()
    hands = dict(capacity)
    if hands:
        hands[today] = max(0, hands[today] - done)
    planned = add_up(arrivals, expect_planned(expectations, today=today))
    _keep(capacity, find_free(hands, backlog=backlog, arrivals=planned))
    if organisation.pace_by_team:
        demands = list_demand(expectations, midnight=midnight + DAY)
        share = ration(demands, capacity=hands, backlog=backlog, arrivals=arrivals, today=today)
        if not capacity:
            share = 1.0  # unknown is no reason to hold anything
        write_allowances(demands, share, today=today, midnight=midnight)


@transaction.atomic
def _keep(capacity: Mapping[dt.date, int], free: Mapping[dt.date, int]) -> None:
    """Bring the table up to date; rows that say the same already are left alone."""
    TeamCapacity.objects.exclude(day__in=list(capacity)).delete()
    known = {row.day: (row.capacity, row.free) for row in TeamCapacity.objects.all()}
    changed = [
        TeamCapacity(day=day, capacity=hands, free=free[day])
        for day, hands in capacity.items()
        if known.get(day) != (hands, free[day])
    ]
    TeamCapacity.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["capacity", "free"],
    )


def list_coming(organisation: Organisation, *, now: dt.datetime, days: int) -> list[TeamCapacity]:
    """The days from today on, as last told."""
    today = now.astimezone(organisation.zone).date()
    return list(TeamCapacity.objects.between(today, today + (days - 1) * DAY))
