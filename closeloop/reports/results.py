"""What came of the follow-ups that were closed, and what lay behind the answers.

A share of a month is of the follow-ups with a root cause among those who answered in that month;
each has one cause, so the shares of a month add up to 100 %.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count
from django.db.models.functions import TruncMonth

from closeloop.models import FollowUp
from closeloop.reports.cohort import Cohort, cut, select_answered
from responses.scoring import apportion
from responses.selection import Selection
from responses.spans import shift_months

DAY = dt.timedelta(days=1)
# As many as stand side by side on a desk; a file has all of them.
MOST_MONTHS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """An outcome with its number and its share of all that are closed."""

    outcome: str
    n: int
    share: Decimal

    @property
    def title(self) -> str:
        return str(FollowUp.Outcome(self.outcome).label)


def list_outcomes(cohort: Cohort) -> list[Came]:
    """Return the outcomes that occur, the most frequent first."""
    rows = (
        select_answered(cohort.selection)
        .closed()
        .values_list("outcome")
        .annotate(n=Count("pk"))
        .order_by("-n", "outcome")
    )
    found = list(rows)
    shares = apportion([n for _, n in found]) or []
    return [
        Came(outcome=outcome, n=n, share=share)
        for (outcome, n), share in zip(found, shares, strict=True)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A cause within a month; no share in a month without any cause."""

    n: int
    share: Decimal | None
    selection: Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    pk: int
    label: str
    n: int
    share: Decimal
    months: list[Share]


@dataclass(frozen=True, slots=True, kw_only=True)
class CausesByMonth:
    """`months` are first days with how many follow-ups of the month have a cause."""

    months: list[tuple[dt.date, int]]
    causes: list[Cause]

    @property
    def n(self) -> int:
        return sum(cause.n for cause in self.causes)


def count_causes(cohort: Cohort, *, most: int | None = MOST_MONTHS) -> CausesByMonth:
    """Return the causes, the most frequent first, over the newest months of the selection.

    The totals of a cause are of all selected days, also of months that are not shown.
    """
    found = _count_by_month(cohort)
    if not found:
        return CausesByMonth(months=[], causes=[])
    totals: Counter[tuple[int, str]] = Counter()
    for (cause, _), n in found.items():
        totals[cause] += n
    ordered = sorted(totals, key=lambda cause: (-totals[cause], cause[1]))
    every = _each_month(min(month for _, month in found), max(month for _, month in found))
    months = every[-most:] if most else every
    columns = {month: _share_out(found, ordered, month) for month in months}
    overall = apportion([totals[cause] for cause in ordered]) or []

    def share_of(index: int, month: dt.date) -> Share:
        return Share(
            n=found.get((ordered[index], month), 0),
            share=columns[month][index],
            selection=cut(cohort.selection, month, shift_months(month, 1) - DAY),
        )

    causes = [
        Cause(
            pk=pk,
            label=label,
            n=totals[pk, label],
            share=overall[index],
            months=[share_of(index, month) for month in months],
        )
        for index, (pk, label) in enumerate(ordered)
    ]
    heads = [(month, sum(found.get((cause, month), 0) for cause in ordered)) for month in months]
    return CausesByMonth(months=heads, causes=causes)


Found = dict[tuple[tuple[int, str], dt.date], int]


def _count_by_month(cohort: Cohort) -> Found:
    rows = (
        select_answered(cohort.selection)
        .filter(root_cause__isnull=False)
        .annotate(_month=TruncMonth("response__answered_at", tzinfo=cohort.selection.zone))
        .values_list("root_cause", "root_cause__label", "_month")
        .annotate(n=Count("pk"))
    )
    return {((pk, label), month.date()): n for pk, label, month, n in rows}


def _share_out(
    found: Found, causes: list[tuple[int, str]], month: dt.date
) -> Sequence[Decimal | None]:
    counts = [found.get((cause, month), 0) for cause in causes]
    return apportion(counts) or [None for _ in causes]


def _each_month(first: dt.date, last: dt.date) -> list[dt.date]:
    months = [first]
    while months[-1] < last:
        months.append(shift_months(months[-1], 1))
    return months
