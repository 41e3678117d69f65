"""How many mails each day gets. Pure, and exact: fractions until the very last step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise


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


def grow(start: int, end: int, days: int) -> list[int]:
    """Return the limits of a slow start: from `start` to `end`, by the same factor each day."""
    last = days - 1
    rising = [math.floor(start * (end / start) ** (day / last)) for day in range(last)]
    return [*rising, end]


def divide_limits(
    limits: Sequence[int], *, people: Sequence[int], open_for: Sequence[Sequence[bool]]
) -> list[list[int]]:
    """Divide each day's limit over groups of people, by their numbers.

    `open_for[group][day]` says whether the group can be asked on that day. What is rounded off is
    owed and comes first on a later day, so that a small group has its turn too. Nothing of a
    limit is lost while there is a group for it.
    """
    owed = [Fraction(0)] * len(people)
    shares = [[0] * len(limits) for _ in people]
    for day, limit in enumerate(limits):
        asked = [group for group, size in enumerate(people) if size and open_for[group][day]]
        total = sum(people[group] for group in asked)
        left = limit if total else 0
        for group in asked:
            exact = Fraction(limit * people[group], total)
            shares[group][day] = math.floor(exact)
            owed[group] += exact - shares[group][day]
            left -= shares[group][day]
        for group in sorted(asked, key=lambda group: (-owed[group], group))[:left]:
            shares[group][day] += 1
            owed[group] -= 1
    return shares


def share_out_released(
    released: Sequence[int], *, weights: Sequence[int], limits: Sequence[int]
) -> list[int]:
    """As `share_out`, for people who may be asked from a day on: `released[d]` of them from day d.

    As even as that allows: days are taken together for as long as the earlier of them would be
    the busier ones, so that a day never waits for people while a later one is crowded with them.
    """
    runs: list[tuple[int, int, float | Fraction]] = []  # first day, people, water level
    begins = [day for day, people in enumerate(released) if people or day == 0]
    for begin, end in pairwise([*begins, len(released)]):
        run = (
            begin,
            released[begin],
            _level(released[begin], weights[begin:end], limits[begin:end]),
        )
        while runs and runs[-1][2] >= run[2]:
            begin, people, _ = runs.pop()
            people += run[1]
            run = (begin, people, _level(people, weights[begin:end], limits[begin:end]))
        runs.append(run)
    quotas: list[int] = []
    for (begin, people, _), end in zip(
        runs, [*(run[0] for run in runs[1:]), len(released)], strict=True
    ):
        quotas += share_out(people, weights=weights[begin:end], limits=limits[begin:end])
    return quotas


def share_late(quotas: Sequence[int], released: Sequence[int]) -> list[int]:
    """Return how many of each day's quota go to those who were released after the first day.

    In proportion to who still waits, so that they come neither all at once nor all at the end.
    Never more than were released by then: in the order of their release each gets a day of theirs.
    """
    free, late, owed = released[0] if released else 0, 0, Fraction(0)
    shares = []
    for day, quota in enumerate(quotas):
        late += released[day] if day else 0
        if free + late:
            owed += Fraction(quota * late, free + late)
        share = min(max(math.floor(owed + Fraction(1, 2)), quota - free, 0), late, quota)
        owed -= share
        free, late = free - (quota - share), late - share
        shares.append(share)
    return shares


def _level(count: int, weights: Sequence[int], limits: Sequence[int]) -> float | Fraction:
    """Return how high the water stands on the days that are not full; infinite on an overflow."""
    open_limits = [limit for limit, weight in zip(limits, weights, strict=True) if weight > 0]
    if count > sum(open_limits):
        return math.inf
    shares = fill(count, weights=weights, limits=limits)
    levels = [share / weight for share, weight in zip(shares, weights, strict=True) if weight > 0]
    return max(levels, default=Fraction(0))
