"""What a plan comes to: mails per day, and who is left out and why."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from surveys.models import Invitation
from surveys.planning.calendar import Slot
from surveys.planning.judging import Judgement
from surveys.planning.openings import Lane
from surveys.planning.schedule import Batch

Reason = Invitation.Reason


@dataclass(frozen=True)
class Plan:
    """How many mails leave when, in what is left of the window; who is left out and why.

    A day is the local day of whoever is mailed: by the recipients' clock it has a batch of each
    calendar.
    """

    now: dt.datetime  # when it was drawn
    judged: Judgement = field(repr=False)  # the people it counted, as SQL
    lanes: tuple[Lane, ...]  # the calendars that are left of the window
    spreads: tuple[tuple[Batch, ...], ...]  # the mails of each
    left_out: Mapping[str, int]  # by reason
    already: Mapping[dt.date, int] = field(default_factory=dict)  # left before it was drawn
    # What other campaigns have of their sender's days already; nothing where those have no limit.
    others: Mapping[dt.date, int] = field(default_factory=dict)
    has_resting: bool = False  # whether some of those with a chance may only be asked later

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The open time that is left, of all calendars."""
        return tuple(sorted({slot for lane in self.lanes for slot in lane.slots}, key=_start_of))

    @cached_property
    def batches(self) -> tuple[Batch, ...]:
        batches = (batch for spread in self.spreads for batch in spread)
        return tuple(sorted(batches, key=lambda batch: _start_of(batch.slot)))

    @property
    def open_days(self) -> frozenset[dt.date]:
        return frozenset(slot.day for slot in self.slots)

    @property
    def closes(self) -> dt.datetime | None:
        """When the window is over for everybody; None when nothing of it is left."""
        return max((slot.end for slot in self.slots), default=None)

    @property
    def mails(self) -> int:
        return sum(batch.mails for batch in self.batches)

    @property
    def postponed(self) -> int:
        """Those who rest when the window opens and are asked later in it."""
        return sum(batch.late for batch in self.batches)

    @property
    def people(self) -> int:
        """All whom the audience names."""
        return self.mails + sum(self.left_out.values())

    @property
    def no_room(self) -> int:
        return self.left_out.get(Reason.NO_ROOM, 0)

    @cached_property
    def mails_by_day(self) -> dict[dt.date, int]:
        mails: Counter[dt.date] = Counter()
        for batch in self.batches:
            mails[batch.slot.day] += batch.mails
        return dict(sorted(mails.items()))

    @property
    def busiest(self) -> int:
        """The most mails of one day, with those of the day that left before."""
        days = self.mails_by_day.items()
        return max((mails + self.already.get(day, 0) for day, mails in days), default=0)

    @property
    def mails_of_others(self) -> int:
        return sum(self.others.values())

    @property
    def first_at(self) -> dt.datetime | None:
        return self.batches[0].slot.start if self.batches else None

    @property
    def first_day(self) -> dt.date | None:
        return min(self.mails_by_day, default=None)

    @property
    def last_day(self) -> dt.date | None:
        return max(self.mails_by_day, default=None)


def _start_of(slot: Slot) -> tuple[dt.datetime, dt.datetime]:
    return slot.start, slot.end
