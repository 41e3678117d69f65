"""The score month by month, on the organisation's calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db.models import Count
from django.db.models.functions import TruncMonth

from responses.models import Response
from responses.reports.measured import Measured
from responses.scoring import (
    DEFAULT_THRESHOLDS,
    HIGHEST,
    Counts,
    Thresholds,
    Tier,
)
from responses.selection import Selection

# Three years are as much as one drawing can hold and one reader can compare.
LONGEST_TREND = 36


@dataclass(frozen=True, kw_only=True)
class Month(Measured):
    """One month of a selection; `nps` is None where too few answered for a score."""

    first: dt.date
    rows_url: str

    @property
    def is_hollow(self) -> bool:
        """Too few to compare: drawn so that nobody reads a change into it."""
        return self.tier == Tier.TOO_FEW


def list_months(
    selection: Selection, *, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> list[Month]:
    """Return every month from the first answer to the last, those without any among them.

    At most the newest three years. Counts come from raw answers: scores of months are not averaged.
    """
    if selection.survey is None:
        raise ValueError("A score belongs to one survey; the selection names none.")
    found = _count_by_month(selection)
    if not found:
        return []
    scale_min = selection.survey.scale_min
    months = []
    for first in list(_each_month(min(found), max(found)))[-LONGEST_TREND:]:
        histogram = found.get(first, [0] * (HIGHEST + 1))
        counts = Counts.from_histogram(histogram, scale_min=scale_min)
        rows_url = _within(selection, first).rows_url
        months.append(Month(first=first, counts=counts, thresholds=thresholds, rows_url=rows_url))
    return months


def _count_by_month(selection: Selection) -> dict[dt.date, list[int]]:
    rows = (
        Response.objects.counted()
        .in_selection(selection)
        .order_by()
        .annotate(_month=TruncMonth("answered_at", tzinfo=selection.zone))
        .values_list("_month", "score")
        .annotate(n=Count("pk"))
    )
    found: dict[dt.date, list[int]] = {}
    for month, score, n in rows:
        found.setdefault(month.date(), [0] * (HIGHEST + 1))[score] = n
    return found


def _each_month(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    month = first
    while month <= last:
        yield month
        month = next_month(month)


def next_month(first: dt.date) -> dt.date:
    return (first + dt.timedelta(days=31)).replace(day=1)


def _within(selection: Selection, first: dt.date) -> Selection:
    """Return the counted answers of the month, within the days of the selection."""
    last = next_month(first) - dt.timedelta(days=1)
    return replace(
        selection.narrowed(status=Response.Status.COUNTED.value),
        first=max(first, selection.first) if selection.first else first,
        last=min(last, selection.last) if selection.last else last,
    )
