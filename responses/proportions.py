"""Whether one share is really larger than another: of those asked, who answers. Pure.

As for scores, the raw difference is what is shown, and an adjusted one says how far chance may
move it: one success and one failure are added to each group, so that a group of which nobody
answered still has a margin. Source: A. Agresti and B. Caffo, "Simple and Effective Confidence
Intervals for Proportions and Differences of Proportions Result from Adding Two Successes and Two
Failures", The American Statistician 54(4), 2000.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from responses.differing import Verdict, find_p, judge
from responses.scoring import DEFAULT_THRESHOLDS, Interval, Thresholds, critical_value


class Proportion(NamedTuple):
    """`part` of `total`; the rest of a whole is the whole minus a part of it."""

    part: int
    total: int

    def without(self, other: Proportion) -> Proportion:
        return Proportion(self.part - other.part, self.total - other.total)


@dataclass(frozen=True, slots=True)
class ShareDifference:
    """In points of a percentage. `points` are raw, the rest adjusted; see `verdict` first."""

    points: float
    interval: Interval
    z: float
    p: float
    verdict: Verdict


def compare_shares(
    before: Proportion,
    after: Proportion,
    *,
    level: float = 0.95,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> ShareDifference | None:
    """Return by how much the share of `after` differs; None where there is nothing to divide by."""
    for each in (before, after):
        if not 0 <= each.part <= each.total:
            raise ValueError(f"{each.part} is no part of {each.total}.")
    if not before.total or not after.total:
        return None
    old, new = ((each.part + 1) / (each.total + 2) for each in (before, after))
    error = math.sqrt(old * (1 - old) / (before.total + 2) + new * (1 - new) / (after.total + 2))
    shift, margin = new - old, critical_value(level) * error
    points = 100 * (after.part / after.total - before.part / before.total)
    z = shift / error
    p = find_p(z)
    is_enough = min(before.total, after.total) >= thresholds.compare
    return ShareDifference(
        points=points,
        interval=Interval(
            max(-100.0, min(100 * (shift - margin), points)),
            min(100.0, max(100 * (shift + margin), points)),
        ),
        z=z,
        p=p,
        verdict=judge(shift, p, level) if is_enough else Verdict.TOO_FEW,
    )
