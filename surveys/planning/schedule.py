"""Calendar and quotas put together: which moments of the window get a mail. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from surveys.planning.calendar import MICROSECOND, Slot
from surveys.planning.quotas import divide_limits, share_late, share_out_released


@dataclass(frozen=True, slots=True)
class Batch:
    """The mails of one day, at equal distances from its opening on."""

    slot: Slot
    mails: int
    late: int = 0  # how many of them go to people who were resting when the window opened

    @property
    def step(self) -> dt.timedelta:
        """The distance between two mails. Rounded down, so that the last stays inside the slot."""
        return self.slot.length // self.mails

    def moments(self) -> Iterator[dt.datetime]:
        return (self.slot.start + position * self.step for position in range(self.mails))


def spread(
    people: Mapping[int, int],
    slots: Sequence[Slot],
    *,
    limits: Mapping[dt.date, int] | None = None,
) -> list[Batch]:
    """Spread mails evenly over the open time; days without a mail are left out.

    `people` says how many may be asked from which slot on, by its number; `limits` how many mails
    are left of each day's limit. When there is no room for all, the batches hold fewer.
    """
    if not slots:
        return []
    count = sum(people.values())
    released = [people.get(number, 0) for number in range(len(slots))]
    most = [count if limits is None else min(count, limits.get(slot.day, 0)) for slot in slots]
    weights = [slot.length // MICROSECOND for slot in slots]
    quotas = share_out_released(released, weights=weights, limits=most)
    late = share_late(quotas, released)
    return [Batch(*day) for day in zip(slots, quotas, late, strict=True) if day[1]]


def spread_lanes(
    people: Sequence[Mapping[int, int]],
    lanes: Sequence[Sequence[Slot]],
    *,
    limits: Mapping[dt.date, int] | None = None,
) -> list[list[Batch]]:
    """As `spread`, for groups of people who have calendars of their own, but one limit a day.

    Each lane gets the part of a limit that its people are of all people. What another lane leaves
    of its part goes to those who would find no room, so that none is wasted.
    """
    if limits is None or len(lanes) == 1:
        return [spread(*lane, limits=limits) for lane in zip(people, lanes, strict=True)]
    open_days = [{slot.day for slot in slots} for slots in lanes]
    days = sorted(set().union(*open_days))
    shares = divide_limits(
        [limits.get(day, 0) for day in days],
        people=[sum(counts.values()) for counts in people],
        open_for=[[day in theirs for day in days] for theirs in open_days],
    )
    spreads = [
        spread(counts, slots, limits=dict(zip(days, share, strict=True)))
        for counts, slots, share in zip(people, lanes, shares, strict=True)
    ]
    left = {day: limits.get(day, 0) for day in days}
    for batches in spreads:
        _take(left, batches)
    # Who takes what is left may leave another day than before, to those who came before them.
    for _turn in people:
        before = list(spreads)
        for number, counts in enumerate(people):
            if sum(batch.mails for batch in spreads[number]) < sum(counts.values()):
                _take(left, spreads[number], back=True)
                spreads[number] = spread(counts, lanes[number], limits=left)
                _take(left, spreads[number])
        if spreads == before:
            break
    return spreads


def _take(left: dict[dt.date, int], batches: Sequence[Batch], *, back: bool = False) -> None:
    for batch in batches:
        left[batch.slot.day] += batch.mails if back else -batch.mails
