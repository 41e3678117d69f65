"""What is open now, and since when its person waits: whenever the answer was given."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q

from closeloop.reports.cohort import Cohort, Part

DAY = dt.timedelta(days=1)
# Days up to which each class of age reaches; the last has no end.
EDGES = (1, 3, 7, 14, 30)
CLASSES = len(EDGES) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """From `above` days, up to and including `most` days (None: without end)."""

    index: int
    above: int
    most: int | None
    n: int
    overdue: int

    @property
    def in_time(self) -> int:
        return self.n - self.overdue


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    ages: list[Age]
    snoozed: int

    @property
    def n(self) -> int:
        return sum(age.n for age in self.ages)

    @property
    def overdue(self) -> int:
        return sum(age.overdue for age in self.ages)


def count_backlog(cohort: Cohort) -> Backlog:
    """Count the open follow-ups by the age of their answer, and those past their target (once)."""
    conditions = cohort.conditions
    wanted = {"snoozed": Count("pk", filter=conditions[Part.SNOOZED])}
    for index in range(CLASSES):
        age = of_age(index, now=cohort.now)
        wanted[f"n_{index}"] = Count("pk", filter=age)
        wanted[f"overdue_{index}"] = Count("pk", filter=age & conditions[Part.OVERDUE])
    found = cohort.select(Part.BACKLOG).aggregate(**wanted)
    ages = [
        Age(
            index=index,
            above=EDGES[index - 1] if index else 0,
            most=EDGES[index] if index < len(EDGES) else None,
            n=found[f"n_{index}"],
            overdue=found[f"overdue_{index}"],
        )
        for index in range(CLASSES)
    ]
    return Backlog(ages=ages, snoozed=found["snoozed"])


def of_age(index: int, *, now: dt.datetime) -> Q:
    """Return the condition of a class of age, on rows of a cohort."""
    condition = Q()
    if index:
        condition &= Q(since__lt=now - EDGES[index - 1] * DAY)
    if index < len(EDGES):
        condition &= Q(since__gte=now - EDGES[index] * DAY)
    return condition
