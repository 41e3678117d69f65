"""How former detractors answered the next time, beside those whom nobody contacted.

    re-answer rate = answered again / former detractors
    recovery rate  = 7 or more at the next answer / answered again

The next answer is the person's next counted one to the same survey: scores of two surveys are two
questions. A contact counts if it came before that answer. This is an association and no effect:
low scores rise by themselves (regression to the mean), and whom a team reaches is no chance draw.
Below 30 who answered again there are counts only; from there on the rate has a Wilson interval.
People who were erased cannot be found again and are in no count here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from closeloop.models import Activity
from closeloop.models.followup import FollowUpQuerySet
from closeloop.reports.cohort import CONTACTED, Cohort, Part
from responses.models import Category, Response
from responses.scoring import DEFAULT_THRESHOLDS, FIRST_PASSIVE, Share, Thresholds, share_interval
from surveys.properties import as_number

# What gestures are listed one by one; the rest is in the sum.
MOST_GESTURES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A group of former detractors. `group` names it in addresses."""

    group: str
    former: int
    again: int
    recovered: int
    thresholds: Thresholds = DEFAULT_THRESHOLDS

    @property
    def has_rate(self) -> bool:
        return self.again >= self.thresholds.compare

    @property
    def share(self) -> Share | None:
        return share_interval(self.recovered, self.again) if self.has_rate else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gesture:
    what: str
    n: int
    cost: Decimal
    again: int
    recovered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gestures:
    """The most frequent ones, and all together: to whom, how many, at what cost."""

    listed: list[Gesture]
    n: int
    cost: Decimal

    @property
    def unlisted(self) -> int:
        return self.n - sum(gesture.n for gesture in self.listed)


GROUPS = ("contacted", "with_gesture", "without_gesture", "not_contacted")


def compare_recovery(
    cohort: Cohort, *, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> list[Recovery]:
    """Return `GROUPS`: the contacted, of these with and without a gesture, and the others."""
    # Grouped by what is true of each: as conditions of twelve counts, the database would look for
    # the next answer again and again.
    truths = {
        "was_contacted": in_group(cohort, "contacted"),
        "did_again": _again(),
        "did_recover": Q(next_score__isnull=False) & _recovered(),
    }
    flags: dict[str, Any] = {name: _as_flag(truth) for name, truth in truths.items()}
    rows: Any = find_former(cohort).annotate(**flags).order_by()
    found = list(rows.values_list(*flags, "has_gesture").annotate(n=Count("pk")))

    def count(group: str) -> Recovery:
        mine = [row for row in found if _is_in(group, contacted=row[0], gesture=row[3])]
        return Recovery(
            group=group,
            former=sum(n for *_, n in mine),
            again=sum(n for _, again, _, _, n in mine if again),
            recovered=sum(n for _, _, recovered, _, n in mine if recovered),
            thresholds=thresholds,
        )

    return [count(group) for group in GROUPS]


def _as_flag(truth: Q) -> Case:
    return Case(When(truth, then=Value(True)), default=Value(False), output_field=BooleanField())


def _is_in(group: str, *, contacted: bool, gesture: bool) -> bool:
    """As `in_group`, of a row at hand."""
    return {
        "contacted": contacted,
        "with_gesture": contacted and gesture,
        "without_gesture": contacted and not gesture,
        "not_contacted": not contacted,
    }[group]


def find_former(cohort: Cohort, part: Part = Part.FORMER) -> FollowUpQuerySet:
    """Return the detractors of a cohort with `next_score` and `next_at`, or a part of them."""
    following = _next_answer("response__")
    former = (
        cohort.find()
        .filter(response__category=Category.DETRACTOR, response__contact__isnull=False)
        .annotate(
            next_score=Subquery(following.values("score")[:1]),
            next_at=Subquery(following.values("answered_at")[:1]),
        )
        .annotate(
            has_gesture=Exists(
                Activity.objects.filter(
                    kind=Activity.Kind.GESTURE,
                    follow_up=OuterRef("pk"),
                    at__lt=Coalesce(OuterRef("next_at"), Value(cohort.now)),
                )
            )
        )
    )
    if part == Part.AGAIN:
        return former.filter(_again())
    return former.filter(_recovered()) if part == Part.RECOVERED else former


def in_group(cohort: Cohort, group: str) -> Q:
    """Return the condition of a group, on rows of `find_former`."""
    in_time = Q(next_at__isnull=True) | Q(first_contacted_at__lt=F("next_at"))
    contacted = CONTACTED & in_time
    return {
        "contacted": contacted,
        "with_gesture": contacted & Q(has_gesture=True),
        "without_gesture": contacted & Q(has_gesture=False),
        "not_contacted": ~contacted,
    }[group]


def _again() -> Q:
    return Q(next_at__isnull=False)


def _recovered() -> Q:
    return Q(next_score__gte=FIRST_PASSIVE)


def _next_answer(path: str) -> Any:
    return (
        Response.objects.counted()
        .filter(
            contact=OuterRef(f"{path}contact"),
            survey=OuterRef(f"{path}survey"),
            answered_at__gt=OuterRef(f"{path}answered_at"),
        )
        .order_by("answered_at", "pk")
    )


def list_gestures(cohort: Cohort) -> Gestures:
    """Return what was given to those who answered, what it cost, and who of them recovered."""
    following = _next_answer("follow_up__response__")
    was_detractor = Q(follow_up__response__category=Category.DETRACTOR)
    rows = (
        Activity.objects.filter(
            kind=Activity.Kind.GESTURE, follow_up__in=cohort.select(Part.ALL).values("pk")
        )
        .order_by()
        .annotate(
            what=KeyTextTransform("what", "details"),
            cost=as_number(KeyTextTransform("cost", "details")),
            next_score=Subquery(following.values("score")[:1]),
        )
        .values_list("what")
        .annotate(
            n=Count("pk"),
            total=Sum("cost"),
            again=Count("pk", filter=was_detractor & Q(next_score__isnull=False)),
            recovered=Count("pk", filter=was_detractor & _recovered()),
        )
        .order_by("-n", "what")
    )
    found = [
        Gesture(what=what or "", n=n, cost=total or Decimal(0), again=again, recovered=recovered)
        for what, n, total, again, recovered in rows
    ]
    return Gestures(
        listed=found[:MOST_GESTURES],
        n=sum(gesture.n for gesture in found),
        cost=sum((gesture.cost for gesture in found), Decimal(0)),
    )
