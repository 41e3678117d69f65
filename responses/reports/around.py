"""What the score was before an event and after it: what it coincided with, never what it caused.

Two windows of whole weeks, equal and complete, of at most 28 days; the days of the event itself are
in neither, but a longer event is held against what came before as well. The groups are independent,
so `differing.compare` holds them against each other. A change of the survey in one of them, or as
the event itself, leaves nothing to compare.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from responses.differing import Difference, compare
from responses.models import Event, Response
from responses.reports.measured import Measured
from responses.reports.running import RunningTotal
from responses.scoring import DEFAULT_THRESHOLDS, Thresholds
from responses.selection import Selection
from responses.spans import DAY, Span

WEEK_DAYS = 7
LONGEST_WINDOW = 28


@dataclass(frozen=True, kw_only=True)
class Window(Measured):
    span: Span
    rows_url: str


@dataclass(frozen=True, kw_only=True)
class Around:
    """An event with its number in the drawing; no windows when a week has not passed on a side."""

    number: int
    event: Event
    before: Window | None = None
    after: Window | None = None
    difference: Difference | None = None
    # The days of an event of a week or longer, held against those before.
    during: Window | None = None
    during_difference: Difference | None = None
    is_across_change: bool = False
    # The numbers of other events within the windows.
    others: tuple[int, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Nobody answered around it: there is nothing to say of any window."""
        return not any(window.n for window in (self.before, self.during, self.after) if window)

    @property
    def shown_difference(self) -> Difference | None:
        return self.difference if self.difference and self.difference.is_shown else None

    @property
    def shown_during(self) -> Difference | None:
        during = self.during_difference
        return during if during and during.is_shown else None


def list_around(
    events: Sequence[Event],
    *,
    known: Sequence[Event],
    selection: Selection,
    days: RunningTotal,
    today: dt.date,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> list[Around]:
    """Return the events as they were given, numbered from 1. No query.

    `known` are all events, since a change of the survey counts whether it is drawn or not.
    """
    return [
        _look_around(
            Around(number=number, event=event),
            events,
            spans=find_windows(event.span, first=days.first, today=today),
            measure=_measurer(selection, days, thresholds),
            changes=[each for each in known if each.is_survey_change],
        )
        for number, event in enumerate(events, start=1)
    ]


def _measurer(
    selection: Selection, days: RunningTotal, thresholds: Thresholds
) -> Callable[[Span], Window]:
    counted = selection.narrowed(status=Response.Status.COUNTED.value)

    def measure(span: Span) -> Window:
        rows_url = replace(counted, first=span.first, last=span.last).rows_url
        counts = days.counts(span)
        return Window(span=span, counts=counts, thresholds=thresholds, rows_url=rows_url)

    return measure


def _look_around(
    bare: Around,
    events: Sequence[Event],
    *,
    spans: tuple[Span, Span] | None,
    measure: Callable[[Span], Window],
    changes: Sequence[Event],
) -> Around:
    if spans is None:
        return bare
    before, after = map(measure, spans)
    first, last = spans[0].first, spans[1].last
    is_across = any(change.breaks(first, last) for change in changes)
    during = measure(bare.event.span) if bare.event.span.days >= WEEK_DAYS else None
    return replace(
        bare,
        before=before,
        after=after,
        during=during,
        is_across_change=is_across,
        difference=None if is_across else _compare(before, after),
        during_difference=None if is_across or not during else _compare(before, during),
        others=tuple(
            number
            for number, each in enumerate(events, start=1)
            if each is not bare.event and each.first_day <= last and each.span.last >= first
        ),
    )


def _compare(before: Window, after: Window) -> Difference | None:
    return compare(before.counts, after.counts, thresholds=after.thresholds)


def find_windows(event: Span, *, first: dt.date | None, today: dt.date) -> tuple[Span, Span] | None:
    """Return equal days before and after, whole weeks of them; None for less than a week.

    `first` is the day of the very first answer. Today is not over yet and is in neither.
    """
    if first is None:
        return None
    room = min((event.first - first).days, (today - event.last).days - 1, LONGEST_WINDOW)
    length = room - room % WEEK_DAYS
    if length < WEEK_DAYS:
        return None
    return (
        Span(event.first - length * DAY, event.first - DAY),
        Span(event.last + DAY, event.last + length * DAY),
    )


def select_events(events: Sequence[Event], selection: Selection, within: Span) -> list[Event]:
    """Return those on the drawn days that concern the selection, the oldest first.

    An event of one region is none of another's: it is left out where that other is chosen.
    """
    return sorted(
        (
            event
            for event in events
            if event.first_day <= within.last
            and event.span.last >= within.first
            and _concerns(event, selection)
        ),
        key=lambda event: (event.first_day, event.pk),
    )


def _concerns(event: Event, selection: Selection) -> bool:
    part = event.part
    if part is None:
        return True
    chosen = [each for each in selection.filters if each.key == part.key]
    return all(part.value in each.values for each in chosen if each.values)
