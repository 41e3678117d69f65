"""How much of a change comes from who answered, and how much from what they answered. Pure.

A total can rise although no group scores higher, because a group that scores high answers more
often. The change is divided exactly, each part weighed by the mean of before and after (E. M.
Kitagawa, "Components of a Difference Between Two Rates", JASA 50, 1955):

    change = sum of (w1 - w0)(t0 + t1)/2  [mix]  +  sum of (t1 - t0)(w0 + w1)/2  [within]

with w the share of a group in all answers and t its score, before (0) and after (1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from responses.scoring import Counts, nps

_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Mix:
    """In points of NPS; `mix` and `within` add up to the change."""

    mix: float
    within: float

    @property
    def change(self) -> float:
        return self.mix + self.within

    @property
    def shown(self) -> tuple[Decimal, Decimal, Decimal]:
        """Change, mix and within with one decimal, such that the last two make up the first."""
        change, mix = _to_a_tenth(self.change), _to_a_tenth(self.mix)
        return change, mix, change - mix


def _to_a_tenth(points: float) -> Decimal:
    # Nine decimals first: 2.8 as the sum of 2.4 and 0.4 is 2.7999… in binary.
    return Decimal(f"{points:.9f}").quantize(_TENTH, ROUND_HALF_UP)


def divide_change(before: Mapping[str, Counts], after: Mapping[str, Counts]) -> Mix | None:
    """Divide the change between two periods over the groups; None where either has no answers.

    A group that answered in one period only has no score in the other: it is all mix.
    """
    n_before = sum(counts.n for counts in before.values())
    n_after = sum(counts.n for counts in after.values())
    if not n_before or not n_after:
        return None
    mix = within = 0.0
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, Counts()), after.get(name, Counts())
        first, second = nps(old), nps(new)
        if first is None:
            first = second
        if second is None:
            second = first
        if first is None or second is None:
            continue
        old_weight, new_weight = old.n / n_before, new.n / n_after
        mix += (new_weight - old_weight) * (first + second) / 2
        within += (second - first) * (old_weight + new_weight) / 2
    return Mix(mix, within)
