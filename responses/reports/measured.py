"""What some answers can bear: a score with its interval, or none because they are too few."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from responses.scoring import (
    DEFAULT_THRESHOLDS,
    Counts,
    Interval,
    Thresholds,
    Tier,
    interval,
    nps,
    round_away,
    tier,
)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """`low` and `high` are whole points for display; `interval` holds them unrounded."""

    counts: Counts
    thresholds: Thresholds = DEFAULT_THRESHOLDS

    @property
    def n(self) -> int:
        return self.counts.n

    @cached_property
    def tier(self) -> Tier:
        return tier(self.n, self.thresholds)

    @property
    def has_score(self) -> bool:
        return self.tier not in (Tier.EMPTY, Tier.COUNT_ONLY)

    @cached_property
    def nps(self) -> float | None:
        return nps(self.counts) if self.has_score else None

    @cached_property
    def interval(self) -> Interval | None:
        return interval(self.counts) if self.has_score else None

    @property
    def low(self) -> int | None:
        return round_away(self.interval.low) if self.interval else None

    @property
    def high(self) -> int | None:
        return round_away(self.interval.high) if self.interval else None
