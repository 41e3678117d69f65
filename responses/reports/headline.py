"""The number itself, with what it rests on: n, interval, and what was left out."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from responses.reports.counting import Tally
from responses.reports.measured import Measured
from responses.scoring import DEFAULT_THRESHOLDS, Thresholds, nps_rounded, round_away


class Balance(enum.StrEnum):
    """Which side is the larger; EVEN when the interval holds 0, so that chance may decide it."""

    PROMOTERS = "promoters"
    DETRACTORS = "detractors"
    EVEN = "even"


@dataclass(frozen=True, kw_only=True)
class Headline(Measured):
    provisional: int
    excluded: int

    @property
    def has_score(self) -> bool:
        """Of any answer at all: the page goes by the tier, the command shows it with its n."""
        return self.n > 0

    @property
    def nps_rounded(self) -> int | None:
        return nps_rounded(self.counts)

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
    return Headline(
        counts=tally.counts,
        thresholds=thresholds,
        provisional=tally.provisional,
        excluded=tally.excluded,
    )
