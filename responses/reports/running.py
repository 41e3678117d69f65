"""The counts of any days at the price of two look-ups, for lines of hundreds of points."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from itertools import accumulate

from responses.reports.counting import DaysCounted
from responses.scoring import Counts
from responses.spans import Span


class RunningTotal:
    """The answers up to and including each day on which anybody answered."""

    def __init__(self, counted: DaysCounted) -> None:
        self._days = sorted(counted.days)
        each = [
            Counts.from_histogram(counted.days[day], scale_min=counted.scale_min)
            for day in self._days
        ]
        self._totals = list(accumulate(each, initial=Counts(0, 0, 0)))

    @property
    def first(self) -> dt.date | None:
        return self._days[0] if self._days else None

    def counts(self, span: Span) -> Counts:
        low = bisect_left(self._days, span.first)
        return self._totals[bisect_right(self._days, span.last)] - self._totals[low]

    def answered(self, first: dt.date | None, last: dt.date | None) -> Span | None:
        """Return the first and last day with an answer between two days; None without any."""
        low = bisect_left(self._days, first) if first else 0
        high = bisect_right(self._days, last) if last else len(self._days)
        return Span(self._days[low], self._days[high - 1]) if low < high else None
