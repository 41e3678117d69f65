"""Calendar and quotas put together: which moments of the window get a mail. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from surveys.planning.calendar import MICROSECOND, Slot
from surveys.planning.quotas import share_out


@dataclass(frozen=True, slots=True)
class Batch:
    """The mails of one day, at equal distances from its opening on."""

    slot: Slot
    mails: int

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
) -> list[Batch]:
    """Spread `count` mails evenly over the open time; days without a mail are left out.

    `already` says how many mails of a day have left, or are about to: they count for its limit.
    The batches hold fewer than `count` together when the limits leave no room for more.
    """
    already = already or {}
    limits = [
        count if daily_limit is None else max(0, min(count, daily_limit - already.get(slot.day, 0)))
        for slot in slots
    ]
    weights = [slot.length // MICROSECOND for slot in slots]
    quotas = share_out(count, weights=weights, limits=limits)
    return [Batch(slot, mails) for slot, mails in zip(slots, quotas, strict=True) if mails]
