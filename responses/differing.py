"""Whether one score is really higher than another, or within the margin of chance. Pure.

Two independent groups, adjusted Wald as for the interval (three answers are added to each), so
that a group in which all agree still has a margin. The raw difference is what is shown; the
adjusted one only says how far chance may move it. Hold a segment against the rest (`Counts` have
a minus), never against a total that contains it. Sources:

* The test: https://measuringu.com/nps-significance-test/ and the R package brendan-r/NPS.
* Many tests at once: Y. Benjamini and Y. Hochberg, "Controlling the False Discovery Rate", Journal
  of the Royal Statistical Society B 57(1), 1995.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from responses.scoring import (
    DEFAULT_THRESHOLDS,
    Counts,
    Interval,
    Thresholds,
    adjust,
    critical_value,
    nps,
)

# From detractor to promoter, for everybody.
LARGEST_DIFFERENCE = 200.0


class Verdict(enum.StrEnum):
    HIGHER = "higher"
    LOWER = "lower"
    MARGIN = "margin"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Difference:
    """`points` are raw, the rest adjusted; no verdict about too few answers."""

    points: float
    interval: Interval
    z: float
    p: float
    verdict: Verdict

    @property
    def is_shown(self) -> bool:
        """Of too few answers no difference is shown: it would be read as one."""
        return self.verdict != Verdict.TOO_FEW


def compare(
    before: Counts,
    after: Counts,
    *,
    level: float = 0.95,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Difference | None:
    """Return by how much `after` differs; None where either has no score.

    The interval is widened to hold the raw difference, as that of a score is.
    """
    first, second = nps(before), nps(after)
    if first is None or second is None:
        return None
    old, new = adjust(before), adjust(after)
    shift = new.centre - old.centre
    error = math.sqrt(old.squared_error + new.squared_error)
    margin = critical_value(level) * error
    z, points = shift / error, second - first
    p = find_p(z)
    is_enough = min(before.n, after.n) >= thresholds.compare
    return Difference(
        points=points,
        interval=Interval(
            max(-LARGEST_DIFFERENCE, min(100 * (shift - margin), points)),
            min(LARGEST_DIFFERENCE, max(100 * (shift + margin), points)),
        ),
        z=z,
        p=p,
        verdict=judge(shift, p, level) if is_enough else Verdict.TOO_FEW,
    )


def find_p(z: float) -> float:
    """Return the chance of a z at least this far from 0, on either side."""
    return math.erfc(abs(z) / math.sqrt(2))


def judge(shift: float, p: float, level: float) -> Verdict:
    if p >= 1 - level:
        return Verdict.MARGIN
    return Verdict.HIGHER if shift > 0 else Verdict.LOWER


def benjamini_hochberg(p_values: Sequence[float], *, rate: float = 0.05) -> list[bool]:
    """Return which of many differences may be marked, in the order in which they were given.

    Of all that is marked, at most `rate` is expected to be chance. Twenty segments that do not
    differ at all would show a false mark in 64 % of the cases if each were tested for itself.
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError("A p-value lies between 0 and 1.")
    ordered = sorted(p_values)
    passing = [p for rank, p in enumerate(ordered, start=1) if p <= rate * rank / len(ordered)]
    limit = max(passing, default=-1.0)
    return [p <= limit for p in p_values]


class Judged(Protocol):
    @property
    def p(self) -> float: ...
    @property
    def verdict(self) -> Verdict: ...


def judge_together(
    differences: Sequence[Judged | None], *, rate: float = 0.05
) -> list[Verdict | None]:
    """Return a verdict for each of many differences that are read at once; None for too few.

    Only those with enough answers on both sides are tested, and so only they are corrected for.
    """
    tested = [each for each in differences if each and each.verdict != Verdict.TOO_FEW]
    passing = iter(benjamini_hochberg([each.p for each in tested], rate=rate))
    verdicts: list[Verdict | None] = []
    for each in differences:
        if each is None or each.verdict == Verdict.TOO_FEW:
            verdicts.append(None)
        else:
            verdicts.append(each.verdict if next(passing) else Verdict.MARGIN)
    return verdicts
