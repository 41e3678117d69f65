"""What a team talks about when it meets for ten minutes: one page, made to be printed.

* Overdue: open, past the target, the longest first, and as many as leave room for the rest.
* To read aloud: of each category the newest answer of the last thirty days whose comment has 40 to
  280 characters: enough to say something, short enough to be read out. Counted answers of people
  who were not erased, and none in which an address stands.
* Root cause of the week: what was named most often in follow-ups closed in the last seven days.
* For the outer loop: of the last ninety days the root cause with the most detractors who are not
  behind an improvement under way; that for everything else only when no other is left. Once all
  detractors are behind one, the value of a segment property.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef
from django.db.models.functions import Length

from closeloop.causes import list_catch_all
from closeloop.models import FollowUp, Improvement
from responses.models import Category, Response
from surveys.models import Property
from surveys.properties import segment_text

DAY = dt.timedelta(days=1)
WEEK = 7 * DAY
MOST_OVERDUE = 10
SHORTEST, LONGEST = 40, 280
RECENT = 30 * DAY
OUTER_LOOP = 90 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class TopCause:
    """Several labels when they share the first place; `n` is of each, `named` of all causes."""

    labels: list[str]
    n: int
    named: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OuterLoop:
    """A cause, or a property and its value."""

    label: str
    value: str = ""
    detractors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Huddle:
    overdue: list[FollowUp]
    overdue_count: int
    aloud: list[Response]
    cause: TopCause | None
    outer: OuterLoop | None

    @property
    def more_overdue(self) -> int:
        return self.overdue_count - len(self.overdue)


def prepare_huddle(*, now: dt.datetime) -> Huddle:
    overdue = FollowUp.objects.overdue(now).select_related("owner", "response__contact__account")
    return Huddle(
        overdue=list(overdue.order_by("due_at", "pk")[:MOST_OVERDUE]),
        overdue_count=FollowUp.objects.overdue(now).count(),
        aloud=choose_aloud(now=now),
        cause=find_top_cause(now=now),
        outer=find_outer_loop(now=now),
    )


def choose_aloud(*, now: dt.datetime) -> list[Response]:
    """Return at most one answer of each category, detractors first."""
    readable = (
        Response.objects.counted()
        .filter(contact__isnull=False, answered_at__gt=now - RECENT, answered_at__lte=now)
        .exclude(comment__contains="@")
        .annotate(_length=Length("comment"))
        .filter(_length__gte=SHORTEST, _length__lte=LONGEST)
        .order_by("category", "-answered_at", "-pk")
        .distinct("category")
    )
    found = {response.category: response for response in readable.select_related("survey")}
    return [found[category] for category in Category.values if category in found]


def find_top_cause(*, now: dt.datetime) -> TopCause | None:
    rows = list(
        FollowUp.objects.closed()
        .filter(closed_at__gt=now - WEEK, closed_at__lte=now, root_cause__isnull=False)
        .order_by()
        .values_list("root_cause__label")
        .annotate(n=Count("pk"))
        .order_by("-n", "root_cause__label")
    )
    if not rows:
        return None
    most = rows[0][1]
    labels = [label for label, n in rows if n == most]
    return TopCause(labels=labels, n=most, named=sum(n for _, n in rows))


def find_outer_loop(*, now: dt.datetime) -> OuterLoop | None:
    return _find_cause(now=now) or _find_segment(now=now)


def _find_cause(*, now: dt.datetime) -> OuterLoop | None:
    taken_up = Improvement.objects.under_way().filter(follow_ups=OuterRef("pk"))
    rows = list(
        FollowUp.objects.filter(
            ~Exists(taken_up),
            response__category=Category.DETRACTOR,
            response__answered_at__gt=now - OUTER_LOOP,
            root_cause__isnull=False,
        )
        .order_by()
        .values_list("root_cause__label")
        .annotate(n=Count("pk"))
        .order_by("-n", "root_cause__label")
    )
    catch_all = list_catch_all()
    named = [row for row in rows if row[0] not in catch_all]
    first = next(iter(named or rows), None)
    return OuterLoop(label=first[0], detractors=first[1]) if first else None


def _find_segment(*, now: dt.datetime) -> OuterLoop | None:
    """A query for each segment property, of which there are five at the most."""
    under_way = Improvement.objects.under_way().exclude(segment_key="")
    taken_up = set(under_way.values_list("segment_key", "segment_value"))
    detractors = Response.objects.counted().filter(
        category=Category.DETRACTOR, answered_at__gt=now - OUTER_LOOP
    )
    best: OuterLoop | None = None
    for declared in Property.objects.segments():
        rows = (
            detractors.order_by()
            .annotate(_value=segment_text(declared.key))
            .exclude(_value=None)
            .exclude(_value="")
            .values_list("_value")
            .annotate(n=Count("pk"))
            .order_by("-n", "_value")
        )
        free = ((value, n) for value, n in rows if (declared.key, value) not in taken_up)
        value, n = next(free, ("", 0))
        if n > (best.detractors if best else 0):
            best = OuterLoop(label=declared.label, value=value, detractors=n)
    return best
