"""The working hours of whoever works on a follow-up, and the moments a snooze is offered for."""

from __future__ import annotations

import datetime as dt
import enum

from closeloop.later import in_a_week, last_start_before, next_monday, tomorrow
from closeloop.models import FollowUp, Member
from closeloop.office_hours import DAY, load_hours
from closeloop.snoozing import LONGEST_FOR_REPLY
from closeloop.targets import WorkingHours
from npsapp.models import User
from surveys.models import get_organisation

# The latest moment offered lies within the longest snooze, and a holiday or an absence later.
AHEAD = dt.timedelta(days=150)


class Until(enum.StrEnum):
    """The ends of a snooze that are one click away."""

    TOMORROW = "tomorrow"
    MONDAY = "monday"
    WEEK = "week"
    REPLY = "reply"


def find_hours(owner: User | None, *, now: dt.datetime) -> WorkingHours:
    """The organisation's hours on the owner's clock and working days, if there is one."""
    organisation = get_organisation()
    member = owner and Member.objects.filter(user=owner).first()
    zone = (member and member.zone) or organisation.zone
    first = now.astimezone(zone).date()
    last = first + AHEAD
    weekdays: list[int] = []
    away: set[dt.date] = set()
    if member:
        weekdays = member.working_days
        for absence in member.absences.filter(last_day__gte=first, first_day__lte=last):
            days = (min(absence.last_day, last) - absence.first_day).days + 1
            away.update(absence.first_day + number * DAY for number in range(days))
    return load_hours(
        organisation,
        first=first,
        last=last,
        weekdays=weekdays or organisation.working_days,
        away=away,
        zone=zone,
    )


def offer_moments(follow_up: FollowUp, *, now: dt.datetime) -> dict[Until, dt.datetime]:
    """Return when each snooze would end, in the hours of the owner."""
    hours = find_hours(follow_up.owner, now=now)
    return {
        Until.TOMORROW: tomorrow(now, hours),
        Until.MONDAY: next_monday(now, hours),
        Until.WEEK: in_a_week(now, hours),
        Until.REPLY: last_start_before(now + LONGEST_FOR_REPLY, hours, after=now),
    }
