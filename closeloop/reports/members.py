"""What each member did: for managers, to share work out fairly, and no ranking.

Whose a contact or a closing is was written down when it took place: a follow-up that changes hands
afterwards takes neither along. Lines from before that was kept count for whoever wrote them. Waits
are of those contacted (nobody owns a contact that never was), so they are shorter than the page's
other waiting times; what is overdue is counted beside them for its present owner.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from closeloop.models import Activity
from closeloop.models.followup import FollowUpQuerySet
from closeloop.reports.cohort import Cohort, Part
from closeloop.reports.waiting import read_clocked
from closeloop.settling import GOT_THROUGH
from npsapp.models import User
from responses.scoring import DEFAULT_THRESHOLDS, Thresholds

MEDIANS = """
    SELECT member, count(*), count(*) FILTER (WHERE until <= target),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY worked)
    FROM clocked WHERE member IS NOT NULL GROUP BY member
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberNumbers:
    """`median` in working time, None for fewer contacts than bear one."""

    user: User
    contacted: int
    in_time: int
    median: dt.timedelta | None
    closed: int
    overdue: int


def list_member_numbers(
    cohort: Cohort, *, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> list[MemberNumbers]:
    """Return everybody who did something or has something overdue, by name (five queries)."""
    contacts = _measure_contacts(cohort, least=thresholds.show)
    closed = _count(find_closed(cohort), "member")
    overdue = _count(cohort.select(Part.OVERDUE), "owner")
    users = User.objects.filter(pk__in={*contacts, *closed, *overdue}).order_by("name", "pk")
    return [
        MemberNumbers(
            user=user,
            contacted=contacts.get(user.pk, (0, 0, None))[0],
            in_time=contacts.get(user.pk, (0, 0, None))[1],
            median=contacts.get(user.pk, (0, 0, None))[2],
            closed=closed.get(user.pk, 0),
            overdue=overdue.get(user.pk, 0),
        )
        for user in users
    ]


def find_contacted(cohort: Cohort) -> FollowUpQuerySet:
    """Return the contacted with `member`, whose they were at the first contact."""
    first = Activity.objects.filter(GOT_THROUGH).order_by("at", "pk")
    return cohort.select(Part.CONTACTED).annotate(member=_whose(first))


def find_closed(cohort: Cohort) -> FollowUpQuerySet:
    """Return the closed with `member`, whose they were when they were closed (the last time)."""
    last = Activity.objects.filter(kind=Activity.Kind.CLOSED).order_by("-version")
    return cohort.select(Part.CLOSED).annotate(member=_whose(last))


def _whose(lines: QuerySet[Activity]) -> Subquery:
    owner = Cast(KeyTextTransform("owner", "details"), IntegerField())
    lines = lines.filter(follow_up=OuterRef("pk")).annotate(
        _member=Coalesce(owner, F("actor_id"), output_field=IntegerField())
    )
    return Subquery(lines.values("_member")[:1])


Measured = tuple[int, int, dt.timedelta | None]


def _measure_contacts(cohort: Cohort, *, least: int) -> dict[int, Measured]:
    contacted: Any = find_contacted(cohort)
    rows = contacted.values_list("since", "until", "target", "member")
    names = ("since", "until", "target", "member")
    return {
        member: (n, in_time, _median(minutes) if n >= least else None)
        for member, n, in_time, minutes in read_clocked(cohort, rows, names, MEDIANS)
    }


def _median(minutes: float) -> dt.timedelta:
    return dt.timedelta(minutes=int(minutes))


def _count(rows: FollowUpQuerySet, member: str) -> dict[Any, int]:
    found = rows.filter(**{f"{member}__isnull": False}).order_by().values_list(member)
    return dict(found.annotate(n=Count("pk")))
