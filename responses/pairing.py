"""What became of the scores of the same customers, asked before and after. Pure.

Nine counts say it all: `table[i][j]` customers were in category i before and are in category j
after, both in the order detractor, passive, promoter. Each customer's change is j - i. Their mean
is the gap; its margin comes from the changes themselves, which is narrower than that of two groups
of strangers because what a customer is like does not change in between.

* Gap, t and interval: Student's paired t on the changes, n - 1 degrees of freedom.
* Exact test: under chance every change could as well have had the other sign. All ways to flip
  them are counted (R. A. Fisher, "The Design of Experiments", 1935, section 21). It decides where
  few changed, since the t leans on many.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass

from responses.differing import LARGEST_DIFFERENCE, Verdict, judge
from responses.scoring import DEFAULT_THRESHOLDS, Counts, Interval, Thresholds, critical_value
from responses.student import t_quantile, t_tail

FEWEST_CHANGED = 10
ENOUGH_CHANGED_FOR_T = 20
_CATEGORIES = range(3)


class PairTest(enum.StrEnum):
    """What the p-value of a gap comes from."""

    STUDENT = "student"
    SIGN_FLIP = "sign_flip"


@dataclass(frozen=True, slots=True)
class PairedGap:
    """`points` is after minus before, in points of NPS; negative means that it disappointed.

    `interval` and `t` are None where all changes are the same (nobody changed, or only one pair):
    then there is no spread to reckon with. `verdict` goes by `p`.
    """

    before: Counts
    after: Counts
    up: int
    same: int
    down: int
    points: float
    interval: Interval | None
    t: float | None
    p: float
    test: PairTest
    verdict: Verdict

    @property
    def n(self) -> int:
        return self.up + self.same + self.down

    @property
    def changed(self) -> int:
        return self.up + self.down


def paired_gap(
    table: Sequence[Sequence[int]],
    *,
    level: float = 0.95,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> PairedGap | None:
    """Return the gap between two answers of the same customers; None without pairs.

    No verdict about too few pairs, nor where fewer than ten customers changed category.
    """
    changes = _count_changes(table)
    n = sum(changes.values())
    if not n:
        return None
    total = sum(change * count for change, count in changes.items())
    error = _find_error(changes, n, total)
    changed = n - changes[0]
    test, p = _test(changes, total, error, n - 1)
    is_enough = n >= thresholds.compare and changed >= FEWEST_CHANGED
    return PairedGap(
        before=Counts(*(sum(row) for row in table)),
        after=Counts(*(sum(column) for column in zip(*table, strict=True))),
        up=changes[1] + changes[2],
        same=changes[0],
        down=changes[-1] + changes[-2],
        points=100 * total / n,
        interval=_find_interval(total / n, error, n - 1, level),
        t=total / n / error if error else None,
        p=p,
        test=test,
        verdict=judge(total, p, level) if is_enough else Verdict.TOO_FEW,
    )


def sign_flip_p(by_one: int, by_two: int, total: int) -> float:
    """Return the chance of changes that add up to at least `total`, on either side of 0.

    So many customers moved by one category and so many by two; every sign is as likely as the
    other. Exact, in whole numbers.
    """
    largest = by_one + 2 * by_two
    if min(by_one, by_two) < 0 or abs(total) > largest:
        raise ValueError(f"{by_one} and {by_two} changes cannot add up to {total}.")
    if (total - by_one) % 2:
        raise ValueError(f"{by_one} changes by one and any by two cannot add up to {total}.")
    if abs(total) == largest:
        # All to one side, as by far the most of any number of pairs would be counted for nothing.
        return math.ldexp(2.0, -by_one - by_two) if total else 1.0
    # The sum of `ones` upward steps and `twos` upward double steps is 2·ones + 4·twos - largest.
    far = sum(
        math.comb(by_one, ones) * math.comb(by_two, twos)
        for ones in range(by_one + 1)
        for twos in range(by_two + 1)
        if abs(2 * ones + 4 * twos - largest) >= abs(total)
    )
    return far / (1 << (by_one + by_two))


def _count_changes(table: Sequence[Sequence[int]]) -> dict[int, int]:
    if len(table) != len(_CATEGORIES) or any(len(row) != len(_CATEGORIES) for row in table):
        raise ValueError("A table of pairs has three rows of three counts.")
    if any(count < 0 for row in table for count in row):
        raise ValueError("A count cannot be negative.")
    changes = dict.fromkeys(range(-2, 3), 0)
    for i in _CATEGORIES:
        for j in _CATEGORIES:
            changes[j - i] += table[i][j]
    return changes


def _find_error(changes: dict[int, int], n: int, total: int) -> float:
    """Return the standard error of the mean change; 0 where all changes are the same."""
    if sum(count > 0 for count in changes.values()) == 1:
        return 0.0
    squares = sum(change**2 * count for change, count in changes.items())
    return math.sqrt((squares - total**2 / n) / (n - 1) / n)


def _test(
    changes: dict[int, int], total: int, error: float, freedom: int
) -> tuple[PairTest, float]:
    by_one, by_two = changes[-1] + changes[1], changes[-2] + changes[2]
    if error and by_one + by_two >= ENOUGH_CHANGED_FOR_T:
        return PairTest.STUDENT, 2 * t_tail(abs(total / (freedom + 1) / error), freedom)
    return PairTest.SIGN_FLIP, sign_flip_p(by_one, by_two, total)


def _find_interval(gap: float, error: float, freedom: int, level: float) -> Interval | None:
    critical_value(level)  # refuses an impossible level, whether or not there is a spread
    if not error:
        return None
    margin = t_quantile((1 + level) / 2, freedom) * error
    return Interval(
        max(-LARGEST_DIFFERENCE, 100 * (gap - margin)),
        min(LARGEST_DIFFERENCE, 100 * (gap + margin)),
    )
