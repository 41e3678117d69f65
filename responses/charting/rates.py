"""Rates with their intervals on one scale that starts at nothing. No words, no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from responses.charts import percent
from responses.scoring import Share

# In percent: where a scale may end.
TOPS = (5, 10, 20, 40, 60, 80, 100)


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate as a bar from the left edge, and from where to where chance may move its end."""

    point: str
    low: str
    high: str


def find_top(ends: Sequence[float]) -> int:
    """Return the first round percentage that holds every end (each between 0 and 1)."""
    highest = 100 * max(ends, default=0.0)
    return next(top for top in TOPS if highest <= top or top == TOPS[-1])


def place_rate(share: Share, top: int) -> Rate:
    point, low, high = (percent(100 * 100 * part / top) for part in share)
    return Rate(point=point, low=low, high=high)
