"""The number itself, with what it rests on: n, interval, and what was left out."""

from __future__ import annotations

import enum
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


class Balance(enum.StrEnum):
    """Which side is the larger; EVEN when the interval holds 0, so that chance may decide it."""

    PROMOTERS = "promoters"
    DETRACTORS = "detractors"
    EVEN = "even"


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
    def balance(self) -> Balance:
        if self.interval and self.interval.low > 0:
            return Balance.PROMOTERS
        if self.interval and self.interval.high < 0:
            return Balance.DETRACTORS
        return Balance.EVEN

    @property
    def swing(self) -> int | None:
        """By how many points one detractor who becomes a promoter would move the score."""
        return round_away(200 / self.n) if self.n else None

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
