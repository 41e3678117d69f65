"""Detractors that changed hands: whose they were when the answer came in, and who gave them on.

An agent may give a follow-up to a colleague; nobody makes a bad score somebody else's unseen.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, Func, JSONField

from closeloop.assigning import UNDONE
from closeloop.models import Activity
from responses.models import Category

DAYS = 30
SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    url: str
    score: int
    who: str
    at_first: str
    to_name: str
    by: str
    at: dt.datetime


def list_handings(*, now: dt.datetime) -> list[Handing]:
    """Return the latest first: detractors that their owner gave away (two queries)."""
    given = (
        Activity.objects.filter(
            kind=Activity.Kind.ASSIGNED,
            at__gte=now - dt.timedelta(days=DAYS),
            follow_up__is_test=False,
            follow_up__response__category=Category.DETRACTOR,
            # A manager may share out what others have; a rule has no actor at all.
            details__from=Func(F("actor"), function="to_jsonb", output_field=JSONField()),
        )
        # Taking it and taking that back leaves it where it was.
        .exclude(details__contains={"because": UNDONE})
        .select_related("actor", "follow_up__response__contact")
        .order_by("-at", "-pk")[:SHOWN]
    )
    first = dict(
        Activity.objects.filter(
            kind=Activity.Kind.OPENED, follow_up__in=[each.follow_up_id for each in given]
        ).values_list("follow_up", "details__to_name")
    )
    return [_describe(each, first.get(each.follow_up_id) or "") for each in given]


def _describe(given: Activity, at_first: str) -> Handing:
    response = given.follow_up.response
    return Handing(
        url=given.follow_up.get_absolute_url(),
        score=response.score,
        who=str(response.contact or ""),
        at_first=at_first,
        to_name=given.details.get("to_name", ""),
        by=str(given.actor or ""),
        at=given.at,
    )
