"""Who follows up: who is at work today, and how much each of them has to do."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from closeloop.capacity import dealt_with_since
from closeloop.duty import DAY, Roster, load_roster
from closeloop.models import FollowUp, Member
from closeloop.models.followup import still_open, still_overdue
from surveys.models import Organisation


class Presence(enum.StrEnum):
    AT_WORK = "at_work"
    ABSENT = "absent"
    DAY_OFF = "day_off"
    OFF_DUTY = "off_duty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One member today. `late` and `today` wait for us; `done` and `closed` are dealt with."""

    member: Member
    presence: Presence
    load: int
    waiting: int
    late: int
    today: int
    closed: int
    done: int
    back_on: dt.date | None = None

    @property
    def capacity(self) -> int:
        return self.member.daily_capacity if self.presence == Presence.AT_WORK else 0

    @property
    def needs_cover(self) -> bool:
        """Whether somebody waits for a colleague who is away."""
        return self.presence in {Presence.ABSENT, Presence.OFF_DUTY} and self.waiting > 0


@dataclass(frozen=True, slots=True)
class Team:
    """All members, who is at work first, and what that makes for today."""

    members: list[Workload]

    @property
    def at_work(self) -> list[Workload]:
        return [each for each in self.members if each.presence == Presence.AT_WORK]

    @property
    def capacity(self) -> int:
        return sum(each.capacity for each in self.members)

    @property
    def done(self) -> int:
        return sum(each.done for each in self.members)

    @property
    def waiting(self) -> int:
        return sum(each.waiting for each in self.members)


def draw_team(organisation: Organisation, *, now: dt.datetime) -> Team:
    """Three queries for any number of members."""
    today = now.astimezone(organisation.zone).date()
    midnight = dt.datetime.combine(today, dt.time.min, organisation.zone)
    members = list(_count(midnight, week=midnight - today.weekday() * DAY, now=now))
    able = set(Member.objects.on_duty().values_list("pk", flat=True))
    roster = load_roster(members, organisation, first=today)
    rows = [_describe(member, roster, today, is_able=member.pk in able) for member in members]
    order = list(Presence)
    return Team(sorted(rows, key=lambda row: order.index(row.presence)))


def _count(midnight: dt.datetime, *, week: dt.datetime, now: dt.datetime) -> QuerySet[Member]:
    theirs, follow_ups = "user__follow_ups__", "user__follow_ups"
    # A join does not know of the manager that leaves tests out.
    counted = Q(user__follow_ups__is_test=False)
    waits = counted & still_open(theirs) & Q(user__follow_ups__awaiting_contact=True)
    tomorrow = midnight + DAY
    return Member.objects.select_related("user").annotate(
        load=Count(follow_ups, filter=counted & still_open(theirs)),
        waiting=Count(follow_ups, filter=waits),
        late=Count(follow_ups, filter=counted & still_overdue(now, theirs)),
        today=Count(
            follow_ups,
            filter=waits & Q(user__follow_ups__due_at__range=(now, tomorrow)),
        ),
        closed=Count(
            follow_ups,
            filter=counted
            & Q(user__follow_ups__state=FollowUp.State.CLOSED)
            & Q(user__follow_ups__closed_at__gte=week),
        ),
        done=Count(follow_ups, filter=counted & dealt_with_since(midnight, theirs)),
    )


def _describe(member: Member, roster: Roster, today: dt.date, *, is_able: bool) -> Workload:
    if not is_able:
        presence = Presence.OFF_DUTY
    elif roster.is_absent(member, today):
        presence = Presence.ABSENT
    elif roster.is_at_work(member, today):
        presence = Presence.AT_WORK
    else:
        presence = Presence.DAY_OFF
    counts = {
        name: getattr(member, name)
        for name in ("load", "waiting", "late", "today", "closed", "done")
    }
    return Workload(
        member=member, presence=presence, back_on=roster.back_on(member, today), **counts
    )
