"""How many mails each day gets. Pure, and exact: fractions until the very last step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction


def share_out(count: int, *, weights: Sequence[int], limits: Sequence[int]) -> list[int]:
    """Return how many of `count` each day gets: in proportion to its weight, never over its limit.

    What does not fit under the limits is left over (`count - sum(result)`), never squeezed in.

    Totals so far are rounded up, not to the nearest: the first mail leaves when the window opens
    instead of half a share later. It is the same even spread, begun half a mail earlier, and a
    campaign of one person starts today and not in the middle of the month.
    """
    quotas = []
    total, given = Fraction(0), 0
    for share in fill(count, weights=weights, limits=limits):
        total += share
        quotas.append(math.ceil(total) - given)
        given += quotas[-1]
    return quotas


def fill(count: int, *, weights: Sequence[int], limits: Sequence[int]) -> list[Fraction]:
    """Return the exact shares: one water level for all days, `min(limit, level × weight)` each."""
    shares = [Fraction(0)] * len(weights)
    rising = {day for day, weight in enumerate(weights) if weight > 0 and limits[day] > 0}
    left = Fraction(count)
    while rising and left:
        level = left / sum(weights[day] for day in rising)
        full = {day for day in rising if level * weights[day] >= limits[day]}
        for day in full or rising:
            shares[day] = Fraction(limits[day]) if full else level * weights[day]
            left -= shares[day]
        rising = rising - full if full else set()
    return shares
