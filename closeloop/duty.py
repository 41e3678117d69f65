"""Who is at work on which day: on duty, on a working day of theirs, not absent, no free day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from closeloop.models import Absence, Member
from surveys.free_days import find_free_days
from surveys.models import Organisation

DAY = dt.timedelta(days=1)
# Whoever answers in the summer closing gets the colleague who is back first.
FARTHEST_DAYS = 60


@dataclass(frozen=True, slots=True)
class Roster:
    """The members asked about, and what is known of the days from `first` to `last`."""

    organisation: Organisation
    members: Sequence[Member]
    first: dt.date
    last: dt.date
    free: frozenset[dt.date]
    absences: dict[int, list[tuple[dt.date, dt.date]]]

    def is_absent(self, member: Member, day: dt.date) -> bool:
        return any(since <= day <= until for since, until in self.absences.get(member.pk, []))

    def is_at_work(self, member: Member, day: dt.date) -> bool:
        """Of a member who is on duty; on a public or own free day nobody is at work."""
        weekdays = member.working_days or self.organisation.working_days
        is_workday = not weekdays or day.weekday() in weekdays
        return (
            member.on_duty
            and is_workday
            and day not in self.free
            and not self.is_absent(member, day)
        )

    def at_work(self, day: dt.date) -> list[Member]:
        return [member for member in self.members if self.is_at_work(member, day)]

    def find_day(self, now: dt.datetime) -> dt.date:
        """The day that counts for an answer of `now`: the first one on which somebody is at work.

        What comes in after closing time is for the day after. When nobody is in sight, today.
        """
        local = now.astimezone(self.organisation.zone)
        day = local.date() + (DAY if local.time() >= self.organisation.day_end else dt.timedelta())
        while day <= self.last:
            if self.at_work(day):
                return day
            day += DAY
        return local.date()

    def is_back_by(self, member: Member, *, since: dt.date, until: dt.date) -> bool:
        """Whether a member is at work on one of these days, both included."""
        days = range(since.toordinal(), until.toordinal() + 1)
        return any(self.is_at_work(member, dt.date.fromordinal(day)) for day in days)

    def back_on(self, member: Member, today: dt.date) -> dt.date | None:
        """The first day on which somebody who is absent today is not; None: not absent, or long."""
        if not self.is_absent(member, today):
            return None
        day = today
        while day <= self.last and self.is_absent(member, day):
            day += DAY
        return day if day <= self.last else None


def load_roster(
    members: Iterable[Member],
    organisation: Organisation,
    *,
    first: dt.date,
    days: int = FARTHEST_DAYS,
) -> Roster:
    """Look up absences and free days of the `days` from `first` on (one query)."""
    members, last = list(members), first + days * DAY
    absences: dict[int, list[tuple[dt.date, dt.date]]] = {}
    found = Absence.objects.filter(member__in=members, last_day__gte=first, first_day__lte=last)
    for absence in found.order_by("first_day", "pk"):
        absences.setdefault(absence.member_id, []).append((absence.first_day, absence.last_day))
    free = find_free_days(organisation, first=first, last=last)
    return Roster(organisation, members, first, last, free, absences)


def find_extra_days(member: Member | None, organisation: Organisation) -> list[int]:
    """The weekdays on which a member works and the organisation does not."""
    if member is None or not organisation.working_days:
        return []
    return sorted(set(member.working_days) - set(organisation.working_days))
