"""When mail may leave: the open working time of each local day, as moments in UTC.

Pure. Lengths are real elapsed time: a day on which the clock changes has its 23 or 25 hours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

MICROSECOND = dt.timedelta(microseconds=1)

# The latest a clock field can say. As a closing time it means: until midnight.
LAST_MINUTE = dt.time(23, 59)


@dataclass(frozen=True, slots=True)
class Slot:
    """The open time of one local day: from `start` until just before `end`, both in UTC."""

    day: dt.date
    start: dt.datetime
    end: dt.datetime

    @property
    def length(self) -> dt.timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Hours:
    """On which weekdays (0 is Monday) and between which local times mail may leave.

    On the days of `free` none leaves, whatever the weekday.
    """

    zone: ZoneInfo
    weekdays: frozenset[int]
    opens: dt.time
    closes: dt.time
    free: frozenset[dt.date] = frozenset()

    def slot(self, day: dt.date) -> Slot | None:
        """Return the open time of `day`; None when it is closed, or swallowed by a clock change."""
        if day.weekday() not in self.weekdays or day in self.free:
            return None
        if self.closes >= LAST_MINUTE:
            end = moment_of(day + dt.timedelta(days=1), dt.time.min, self.zone)
        else:
            end = moment_of(day, self.closes, self.zone)
        start = moment_of(day, self.opens, self.zone)
        if start >= end:
            return None
        # Opening within an hour that comes twice: the clock would run below the opening time once
        # more, so the second pass counts, unless the first is all there is (02:10 to 02:50).
        late = _in_utc(day, self.opens, self.zone, fold=1)
        if start < late < end and (late - MICROSECOND).astimezone(self.zone).time() < self.opens:
            start = late
        return Slot(day, start, end)

    def is_open(self, moment: dt.datetime) -> bool:
        slot = self.slot(moment.astimezone(self.zone).date())
        return slot is not None and slot.start <= moment < slot.end


def open_slots(
    hours: Hours, *, first: dt.date, last: dt.date, not_before: dt.datetime
) -> Iterator[Slot]:
    """Yield what is open from `first` to `last`, both included, and not before a moment."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        slot = hours.slot(dt.date.fromordinal(ordinal))
        if slot and slot.end > not_before:
            yield Slot(slot.day, max(slot.start, not_before), slot.end)


def moment_of(day: dt.date, clock: dt.time, zone: ZoneInfo) -> dt.datetime:
    """Return the first moment, in UTC, at which the local clock shows `clock` or has passed it.

    A time that a clock change skips becomes the moment of that change.
    """
    first = _in_utc(day, clock, zone, fold=0)
    other = _in_utc(day, clock, zone, fold=1)
    if first <= other:
        return first
    # Skipped: fold=1 lies before the change and fold=0 behind it. Halve until it is found.
    wanted = dt.datetime.combine(day, clock)
    before, behind = other, first
    while behind - before > MICROSECOND:
        middle = before + (behind - before) // 2
        if middle.astimezone(zone).replace(tzinfo=None) >= wanted:
            behind = middle
        else:
            before = middle
    return behind


def _in_utc(day: dt.date, clock: dt.time, zone: ZoneInfo, *, fold: int) -> dt.datetime:
    return dt.datetime.combine(day, clock, zone).replace(fold=fold).astimezone(dt.UTC)
