"""The number itself, with what it rests on: n, interval, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass

from responses.reports.counting import Tally
from responses.scoring import (
    DEFAULT_THRESHOLDS,
    Counts,
    Interval,
    Thresholds,
    Tier,
    interval,
    nps,
    nps_rounded,
    round_away,
    tier,
)


@dataclass(frozen=True, slots=True)
class Headline:
    """`low` and `high` are whole points for display; `interval` holds them unrounded."""

    counts: Counts
    nps: float | None
    nps_rounded: int | None
    interval: Interval | None
    tier: Tier
    provisional: int
    excluded: int

    @property
    def n(self) -> int:
        return self.counts.n

    @property
    def low(self) -> int | None:
        return round_away(self.interval.low) if self.interval else None

    @property
    def high(self) -> int | None:
        return round_away(self.interval.high) if self.interval else None

    @property
    def left_out(self) -> int:
        return self.provisional + self.excluded


def summarise(tally: Tally, *, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Headline:
    counts = tally.counts
    return Headline(
        counts=counts,
        nps=nps(counts),
        nps_rounded=nps_rounded(counts),
        interval=interval(counts),
        tier=tier(counts.n, thresholds),
        provisional=tally.provisional,
        excluded=tally.excluded,
    )
