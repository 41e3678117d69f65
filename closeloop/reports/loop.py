"""Is the loop closed: how many of those who answered have heard from a person of ours.

    loop closed = contacted / everybody who answered, in the week of the answer

(statistics: "contact rate" and "closure rate by cohort week" of the usual inner-loop figures.)
Contacted, closed without contact and still open add up to everybody; closing alone improves
nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min
from django.db.models.functions import TruncWeek

from closeloop.reports.cohort import Cohort, Part, cut, select_answered
from closeloop.reports.loop_tallied import count_tallied, find_loop_slice
from responses.models import Response
from responses.scoring import apportion
from responses.selection import Selection

DAY = dt.timedelta(days=1)
WEEK = dt.timedelta(days=7)
# Half a year: more makes the page heavy. A file has all of them.
MOST_WEEKS = 26
PARTS = (Part.CONTACTED, Part.WITHOUT, Part.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopClosed:
    contacted: int
    without: int
    waiting: int

    @property
    def n(self) -> int:
        return self.contacted + self.without + self.waiting

    @property
    def percentage(self) -> int | None:
        """Whole and rounded down, since 99.7 % is not everybody; None when nobody answered."""
        return 100 * self.contacted // self.n if self.n else None

    @property
    def counts(self) -> tuple[int, int, int]:
        """In the order of `PARTS`."""
        return self.contacted, self.without, self.waiting

    @property
    def shares(self) -> list[Decimal]:
        """Percentages of `counts` that add up to 100.0; none when nobody answered."""
        return apportion(self.counts) or []


@dataclass(frozen=True, slots=True, kw_only=True)
class Week(LoopClosed):
    """Those who answered in the week that begins on the Monday `first`."""

    first: dt.date
    selection: Selection

    @property
    def number(self) -> int:
        return self.first.isocalendar().week


def loop_closed(selection: Selection, *, now: dt.datetime) -> LoopClosed:
    """Count who of a selection has heard from us (two queries)."""
    return count_loop(Cohort(selection=selection, now=now))[0]


def count_loop(cohort: Cohort) -> tuple[LoopClosed, dt.datetime | None]:
    """Return the same of a cohort, and when the first of them answered (one query).

    Where it comes from tallies that is the beginning of the first day.
    """
    # Not `find`: nobody here asks how long it took. Imported history, which has no follow-ups, is
    # left out in words: among millions of answers an index then holds those that are meant.
    answered = select_answered(cohort.selection).exclude(response__channel=Response.Channel.IMPORT)
    if part := find_loop_slice(cohort.selection):
        *counts, first = count_tallied(answered, cohort.selection, part)
        return LoopClosed(**dict(zip(PARTS, counts, strict=True))), first
    found = answered.aggregate(**_counts(cohort), _oldest=Min("response__answered_at"))
    oldest = found.pop("_oldest")
    return LoopClosed(**found), oldest


def list_weeks(cohort: Cohort, *, most: int | None = MOST_WEEKS) -> list[Week]:
    """Return every week from the first answer to the last, the newest `most` of them."""
    zone = cohort.selection.zone
    rows: Any = (
        select_answered(cohort.selection)
        .annotate(_week=TruncWeek("response__answered_at", tzinfo=zone))
        .values("_week")
        .annotate(**_counts(cohort))
    )
    found: dict[dt.date, dict[str, int]] = {row.pop("_week").date(): row for row in rows}
    nothing = {part.value: 0 for part in PARTS}
    weeks = [
        Week(
            first=first,
            selection=cut(cohort.selection, first, first + WEEK - DAY),
            **found.get(first, nothing),
        )
        for first in _each_week(found)
    ]
    return weeks[-most:] if most else weeks


def add_up(weeks: list[Week]) -> LoopClosed:
    return LoopClosed(
        contacted=sum(week.contacted for week in weeks),
        without=sum(week.without for week in weeks),
        waiting=sum(week.waiting for week in weeks),
    )


def _each_week(found: dict[dt.date, dict[str, int]]) -> Iterator[dt.date]:
    if not found:
        return
    week, last = min(found), max(found)
    while week <= last:
        yield week
        week += WEEK


def _counts(cohort: Cohort) -> dict[str, Count]:
    return {part.value: Count("pk", filter=cohort.conditions[part]) for part in PARTS}
