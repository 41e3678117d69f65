"""What scores add up to: categories, NPS, its interval, shares. Pure arithmetic, no Django.

Everything is computed from counts and rounded once, for display. Subtracting rounded percentages
would change the shown score by a point in more than a fifth of all outcomes. Sources:

* Reichheld's mapping of 0 to 10: 0-6 detractor, 7-8 passive, 9-10 promoter; a 1 to 10 scale uses
  the same thresholds and simply never has a 0.
* Interval: adjusted Wald with weights 3/4, 3/2, 3/4. B. Rocks, "Interval Estimation for the Net
  Promoter Score", The American Statistician 70(4), 2016 (arXiv 1601.07235).
* Interval of a share: Wilson's score interval, without continuity correction. E. B. Wilson,
  "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22, 1927.
* Variance of the recode to -1, 0, +1: W. Huber, https://stats.stackexchange.com/a/18609.

A score of nothing does not exist: without answers `nps`, `interval` and `shares` are None, since
0 is a real score. Beside this module stand `differing` (two groups), `pairing` (the same customers
twice), `sizing` (how many answers it takes) and `student` (the t distribution).
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist
from typing import NamedTuple

HIGHEST = 10
FIRST_PASSIVE = 7
FIRST_PROMOTER = 9
SCALE_STARTS = (0, 1)


class Category(enum.StrEnum):
    DETRACTOR = "detractor"
    PASSIVE = "passive"
    PROMOTER = "promoter"


class Tier(enum.StrEnum):
    """How much a number of answers can bear (what a page may show of it)."""

    EMPTY = "empty"
    COUNT_ONLY = "count_only"
    TOO_FEW = "too_few"
    INDICATIVE = "indicative"
    FIRM = "firm"


class Interval(NamedTuple):
    """From `low` to `high` in points of NPS; not symmetric about the score, so never written ±."""

    low: float
    high: float


class Share(NamedTuple):
    """A share of a count and its interval, all three between 0 and 1."""

    value: float
    low: float
    high: float


class Shares(NamedTuple):
    """Percentages with one decimal that add up to exactly 100.0."""

    detractors: Decimal
    passives: Decimal
    promoters: Decimal


class Adjusted(NamedTuple):
    """Mean of the recode to -1, 0, +1 and its squared standard error, three answers added."""

    centre: float
    squared_error: float


def categorise(score: int, *, scale_min: int = 0) -> Category:
    """Return the category of a score; raise ValueError when the scale does not have it."""
    if scale_min not in SCALE_STARTS:
        raise ValueError(f"A scale starts at 0 or 1, not at {scale_min}.")
    if not scale_min <= score <= HIGHEST:
        raise ValueError(f"{score} is not on the scale of {scale_min} to {HIGHEST}.")
    if score >= FIRST_PROMOTER:
        return Category.PROMOTER
    if score >= FIRST_PASSIVE:
        return Category.PASSIVE
    return Category.DETRACTOR


def category_range(category: Category, *, scale_min: int = 0) -> tuple[int, int]:
    """Return the lowest and the highest score of a category."""
    return {
        Category.DETRACTOR: (scale_min, FIRST_PASSIVE - 1),
        Category.PASSIVE: (FIRST_PASSIVE, FIRST_PROMOTER - 1),
        Category.PROMOTER: (FIRST_PROMOTER, HIGHEST),
    }[category]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many answered what. Counts of days or segments on one scale add up with `+`."""

    detractors: int = 0
    passives: int = 0
    promoters: int = 0

    def __post_init__(self) -> None:
        if min(self.detractors, self.passives, self.promoters) < 0:
            raise ValueError("A count cannot be negative.")

    @classmethod
    def from_scores(cls, scores: Iterable[int], *, scale_min: int = 0) -> Counts:
        histogram = [0] * (HIGHEST + 1)
        for score in scores:
            categorise(score, scale_min=scale_min)
            histogram[score] += 1
        return cls.from_histogram(histogram, scale_min=scale_min)

    @classmethod
    def from_histogram(cls, histogram: Sequence[int], *, scale_min: int = 0) -> Counts:
        """Add up eleven counts, of score 0 to score 10 (also for a scale that starts at 1)."""
        if len(histogram) != HIGHEST + 1:
            raise ValueError(f"A histogram has {HIGHEST + 1} counts, not {len(histogram)}.")
        if any(histogram[:scale_min]):
            raise ValueError(f"There is no score below {scale_min} on this scale.")
        return cls(
            detractors=sum(histogram[:FIRST_PASSIVE]),
            passives=sum(histogram[FIRST_PASSIVE:FIRST_PROMOTER]),
            promoters=sum(histogram[FIRST_PROMOTER:]),
        )

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.detractors + other.detractors,
            self.passives + other.passives,
            self.promoters + other.promoters,
        )

    def __sub__(self, part: Counts) -> Counts:
        """Return the rest: what a segment is held against is never the total that contains it."""
        return Counts(
            self.detractors - part.detractors,
            self.passives - part.passives,
            self.promoters - part.promoters,
        )

    @property
    def n(self) -> int:
        return self.detractors + self.passives + self.promoters

    def of(self, category: Category) -> int:
        return {
            Category.DETRACTOR: self.detractors,
            Category.PASSIVE: self.passives,
            Category.PROMOTER: self.promoters,
        }[category]


def nps(counts: Counts) -> float | None:
    """Return the raw score, -100 to 100; passives stay in the base."""
    if not counts.n:
        return None
    return 100 * (counts.promoters - counts.detractors) / counts.n


def nps_rounded(counts: Counts) -> int | None:
    """Return the score as it is shown: whole, half away from zero, in integers throughout."""
    return _divide_away(100 * (counts.promoters - counts.detractors), counts.n)


def nps_to_one_decimal(counts: Counts) -> Decimal | None:
    """Return the score as tables and exports show it, half away from zero."""
    tenths = _divide_away(1000 * (counts.promoters - counts.detractors), counts.n)
    return None if tenths is None else Decimal(tenths).scaleb(-1)


def _divide_away(dividend: int, divisor: int) -> int | None:
    if not divisor:
        return None
    size = (2 * abs(dividend) + divisor) // (2 * divisor)
    return size if dividend >= 0 else -size


def round_away(points: float) -> int:
    """Round points (an end of an interval, a difference) to a whole number, half away from zero."""
    return int(math.copysign(math.floor(abs(points) + 0.5), points))


def variance(counts: Counts) -> float | None:
    """Return the variance of the recode to -1, 0, +1 (at most 1, for half and half)."""
    if not counts.n:
        return None
    detractors, promoters = counts.detractors / counts.n, counts.promoters / counts.n
    return promoters + detractors - (promoters - detractors) ** 2


def adjust(counts: Counts) -> Adjusted:
    """Add three answers as Rocks does (3/4, 3/2, 3/4): a group that agrees still has a margin."""
    n = counts.n + 3
    centre = (counts.promoters - counts.detractors) / n
    spread = (counts.promoters + counts.detractors + 1.5) / n - centre**2
    return Adjusted(centre, spread / n)


def critical_value(level: float) -> float:
    """Return how many standard errors a two-sided margin of this confidence is wide."""
    if not 0 < level < 1:
        raise ValueError(f"A confidence level lies between 0 and 1; {level} does not.")
    return NormalDist().inv_cdf((1 + level) / 2)


def interval(counts: Counts, level: float = 0.95) -> Interval | None:
    """Return the adjusted Wald interval in points, inside -100 to 100.

    It is widened to hold the raw score, which at 95 % lies outside only for a single answer.
    """
    raw = nps(counts)
    if raw is None:
        return None
    centre, squared_error = adjust(counts)
    margin = critical_value(level) * math.sqrt(squared_error)
    low, high = 100 * (centre - margin), 100 * (centre + margin)
    return Interval(max(-100.0, min(low, raw)), min(100.0, max(high, raw)))


def share_interval(part: int, total: int, level: float = 0.95) -> Share | None:
    """Return part / total with its Wilson interval, which always holds it; None for 0 of 0."""
    if not 0 <= part <= total:
        raise ValueError(f"{part} is no part of {total}.")
    if not total:
        return None
    value, z2 = part / total, NormalDist().inv_cdf((1 + level) / 2) ** 2
    centre = (value + z2 / (2 * total)) / (1 + z2 / total)
    margin = math.sqrt(z2 * (value * (1 - value) + z2 / (4 * total)) / total) / (1 + z2 / total)
    return Share(
        value, max(0.0, min(centre - margin, value)), min(1.0, max(centre + margin, value))
    )


def apportion(counts: Sequence[int]) -> list[Decimal] | None:
    """Return percentages with one decimal that add up to exactly 100.0 (largest remainder).

    Equal remainders go to the larger count first, then to the one that comes first.
    """
    total = sum(counts)
    if not total:
        return None
    tenths = [1000 * count // total for count in counts]
    order = sorted(range(len(counts)), key=lambda i: (-(1000 * counts[i] % total), -counts[i], i))
    for index in order[: 1000 - sum(tenths)]:
        tenths[index] += 1
    return [Decimal(tenth).scaleb(-1) for tenth in tenths]


def shares(counts: Counts) -> Shares | None:
    percentages = apportion([counts.detractors, counts.passives, counts.promoters])
    return Shares(*percentages) if percentages else None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From how many answers on a score is shown, may be compared, and needs no reserve.

    One customer who moves from detractor to promoter moves the score by 200/n: 40 points among
    five answers, 6.7 among thirty, 2 among a hundred.
    """

    show: int = 5
    compare: int = 30
    firm: int = 100

    def __post_init__(self) -> None:
        if not 1 <= self.show <= self.compare <= self.firm:
            raise ValueError("Thresholds must rise: show, compare, firm.")


DEFAULT_THRESHOLDS = Thresholds()


def tier(n: int, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Tier:
    if n == 0:
        return Tier.EMPTY
    if n < thresholds.show:
        return Tier.COUNT_ONLY
    if n < thresholds.compare:
        return Tier.TOO_FEW
    return Tier.INDICATIVE if n < thresholds.firm else Tier.FIRM
