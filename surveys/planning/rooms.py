"""Where somebody who comes late fits between the others, without moving any of them. Pure."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import MutableMapping, Sequence
from itertools import accumulate

from surveys.planning.calendar import MICROSECOND, Slot

# Multiples of the golden ratio, by their fractions, stay evenly spread however many there are.
_GOLDEN = 0x9E3779B97F4A7C15  # its fraction, of 2 ** 64
_WHOLE = 1 << 64


class Rooms:
    """The open time of one calendar; `left` is the room of each day, shared with the others."""

    def __init__(
        self, slots: Sequence[Slot], left: MutableMapping[dt.date, int] | None = None
    ) -> None:
        self.slots = slots
        self.left = left
        lengths = (slot.length // MICROSECOND for slot in slots)
        self.starts = [0, *accumulate(lengths)]

    def take(self, number: int, *, release: int = 0) -> dt.datetime | None:
        """Return the moment for the newcomer of this number; None when every day is full.

        At that fraction of the open time from slot `release` on, or on the first later day with
        room, or else on the first one with room at all.
        """
        begin, end = self.starts[min(release, len(self.slots))], self.starts[-1]
        if begin == end:
            return None
        position = begin + (end - begin) * fraction_of(number) // _WHOLE
        wanted = bisect_right(self.starts, position) - 1
        offset = position - self.starts[wanted]
        length = self.starts[wanted + 1] - self.starts[wanted]
        for index in [*range(wanted, len(self.slots)), *range(release, wanted)]:
            slot = self.slots[index]
            if self.left is None or self.left.get(slot.day, 0) > 0:
                if self.left is not None:
                    self.left[slot.day] -= 1
                inside = offset * (slot.length // MICROSECOND) // length
                moment: dt.datetime = slot.start + dt.timedelta(microseconds=inside)
                return moment
        return None


def fraction_of(number: int) -> int:
    """Return frac((number + 1) · φ), in parts of 2 ** 64."""
    return (number + 1) * _GOLDEN % _WHOLE
