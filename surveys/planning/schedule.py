"""Calendar and quotas put together: which moments of the window get a mail. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from surveys.planning.calendar import MICROSECOND, Slot
from surveys.planning.quotas import share_late, share_out_released


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
    count: int,
    slots: Sequence[Slot],
    *,
    daily_limit: int | None = None,
    already: Mapping[dt.date, int] | None = None,
    resting: Mapping[int, int] | None = None,
) -> list[Batch]:
    """Spread `count` mails evenly over the open time; days without a mail are left out.

    `already` says how many mails of a day have left, or are about to: they count for its limit.
    `resting` says how many of them may be asked from a slot on only, by its number.
    The batches hold fewer than `count` together when the limits leave no room for more.
    """
    already, resting = already or {}, resting or {}
    released = [resting.get(number, 0) if number else 0 for number in range(len(slots))]
    if released:
        released[0] = count - sum(released)
    limits = [
        count if daily_limit is None else max(0, min(count, daily_limit - already.get(slot.day, 0)))
        for slot in slots
    ]
    weights = [slot.length // MICROSECOND for slot in slots]
    quotas = share_out_released(released, weights=weights, limits=limits) if slots else []
    late = share_late(quotas, released)
    return [Batch(*day) for day in zip(slots, quotas, late, strict=True) if day[1]]
