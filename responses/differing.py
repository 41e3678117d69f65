"""Whether one score is really higher than another, or within the margin of chance. Pure.

Two independent groups, adjusted Wald as for the interval (three answers are added to each), so
that a group in which all agree still has a margin. The raw difference is what is shown; the
adjusted one only says how far chance may move it. See responses.scoring for the sources, and
https://measuringu.com/nps-significance-test/ for the test.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from statistics import NormalDist

from responses.scoring import DEFAULT_THRESHOLDS, Counts, Interval, Thresholds, nps


class Verdict(enum.StrEnum):
    HIGHER = "higher"
    LOWER = "lower"
    MARGIN = "margin"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Difference:
    """`points` are raw, `interval` and `p` adjusted; no verdict about too few answers."""

    points: float
    interval: Interval
    p: float
    verdict: Verdict


def find_difference(
    before: Counts,
    after: Counts,
    *,
    level: float = 0.95,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Difference | None:
    """Return by how much `after` differs; None where either has no score."""
    first, second = nps(before), nps(after)
    if first is None or second is None:
        return None
    shift = _centre(after) - _centre(before)
    error = math.sqrt(_squared_error(before) + _squared_error(after))
    normal = NormalDist()
    margin = normal.inv_cdf((1 + level) / 2) * error
    p = 2 * (1 - normal.cdf(abs(shift) / error))
    verdict = Verdict.MARGIN
    if min(before.n, after.n) < thresholds.compare:
        verdict = Verdict.TOO_FEW
    elif p < 1 - level:
        verdict = Verdict.HIGHER if shift > 0 else Verdict.LOWER
    interval = Interval(100 * (shift - margin), 100 * (shift + margin))
    return Difference(second - first, interval, p, verdict)


def _centre(counts: Counts) -> float:
    return (counts.promoters - counts.detractors) / (counts.n + 3)


def _squared_error(counts: Counts) -> float:
    n = counts.n + 3
    spread = (counts.promoters + counts.detractors + 1.5) / n - _centre(counts) ** 2
    return spread / n
