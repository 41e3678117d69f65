"""The follow-ups behind one number of the page "Is the loop closed?"."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from closeloop.models import RootCause
from closeloop.models.followup import FollowUpQuerySet
from closeloop.reports.backlog import of_age
from closeloop.reports.cohort import Cohort, Part
from closeloop.reports.members import find_closed, find_contacted
from closeloop.reports.recovery import find_former, in_group
from npsapp.models import User

SHOWN = ("owner", "root_cause", "response__survey", "response__contact__account")
OF_DETRACTORS = {Part.FORMER, Part.AGAIN, Part.RECOVERED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What a number is of, besides its part."""

    outcome: str = ""
    cause: RootCause | None = None
    member: User | None = None
    age: int | None = None
    group: str = ""


def list_rows(cohort: Cohort, part: Part, narrowing: Narrowing) -> FollowUpQuerySet:
    """Return the rows, the newest answer first."""
    rows = _find_member(cohort, part, narrowing.member)
    if narrowing.outcome:
        rows = rows.closed().filter(outcome=narrowing.outcome)
    if narrowing.cause:
        rows = rows.filter(root_cause=narrowing.cause)
    if narrowing.age is not None:
        rows = rows.filter(of_age(narrowing.age, now=cohort.now))
    if narrowing.group and part in OF_DETRACTORS:
        rows = rows.filter(in_group(cohort, narrowing.group))
    return rows.select_related(*SHOWN).order_by("-response__answered_at", "-pk")


def _find_member(cohort: Cohort, part: Part, member: User | None) -> FollowUpQuerySet:
    if part in OF_DETRACTORS:
        return find_former(cohort, part)
    if member is None:
        return cohort.select(part)
    if part == Part.CLOSED:
        return find_closed(cohort).filter(Q(member=member.pk))
    if part in (Part.CONTACTED, Part.IN_TIME, Part.LATE):
        return find_contacted(cohort).filter(cohort.conditions[part], Q(member=member.pk))
    return cohort.select(part).filter(owner=member)
