"""The score along time, by day, week, month or quarter of the organisation's calendar.

Everything comes from the days that are counted already, by adding up their counts: scores of days
are not averaged. Points are drawn with their interval and never tested against one another; the
rolling line shares its answers from one point to the next and is only drawn.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from responses.models import Event, Response
from responses.reports.measured import Measured
from responses.reports.running import RunningTotal
from responses.scoring import DEFAULT_THRESHOLDS, Thresholds, Tier, nps
from responses.selection import Selection
from responses.spans import (
    DAY,
    Grain,
    Span,
    each_of,
    earlier_by_a_year,
    first_of,
    shorten_likewise,
)

# As many as one drawing can hold and one reader can compare; further ones are for who asks.
MOST_POINTS = 36
MOST_POINTS_ASKED = 62
# One score alone is no line.
LEAST_SCORES = 2
ROLLING_DAYS = ("30", "90")
# More points of the rolling line than this nobody sees apart.
MOST_ROLLING = 180


@dataclass(frozen=True, kw_only=True)
class Point(Measured):
    """One period of a line. `counted` are the days of it that the selection holds."""

    span: Span
    counted: Span
    rows_url: str
    earlier: Measured | None = None  # the same days a year before
    is_after_change: bool = False  # the survey was changed since the point before

    @property
    def first(self) -> dt.date:
        return self.span.first

    @property
    def is_hollow(self) -> bool:
        """Too few to compare: drawn so that nobody reads a change into it."""
        return self.tier == Tier.TOO_FEW


@dataclass(frozen=True, kw_only=True)
class Series:
    """The points from the first answer to the last; `left_out` older ones do not fit."""

    grain: Grain
    points: Sequence[Point]
    left_out: int = 0

    @property
    def span(self) -> Span:
        return Span(self.points[0].first, self.points[-1].span.last)


def list_points(
    days: RunningTotal,
    selection: Selection,
    *,
    grain: Grain | None = None,
    events: Sequence[Event] = (),
    has_earlier: bool = False,
    least: int = 0,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Series | None:
    """Return every period from the first answer to the last, those without any among them.

    When no grain is asked for, it is the finest of at most MOST_POINTS in which two periods have
    a score. None when nobody answered.

    With `least` it is coarse enough that no point holds fewer answers, also where a finer one is
    asked for, and None where that cannot be.
    """
    answered = days.answered(selection.first, selection.last)
    if answered is None:
        return None
    fitting = [each for each in Grain if _reach(each, answered) <= MOST_POINTS]
    grains, most = ([grain], MOST_POINTS_ASKED) if grain else (fitting, MOST_POINTS)
    if grain and least:
        grains = [grain, *(each for each in fitting if _is_coarser(each, grain))]
    for each in grains or [Grain.QUARTER]:
        spans = list(each_of(each, answered))
        points = [
            _measure(
                days,
                selection,
                span,
                before=earlier_by_a_year(each, span) if has_earlier else None,
                thresholds=thresholds,
            )
            for span in spans[-most:]
        ]
        series = Series(
            grain=each, points=_mark_breaks(points, events), left_out=len(spans) - len(points)
        )
        has_scores = sum(point.has_score for point in points) >= LEAST_SCORES
        if has_scores and not (least and _has_few(series, days, selection, least)):
            return series
    return None if least else series


def _is_coarser(grain: Grain, than: Grain) -> bool:
    return list(Grain).index(grain) > list(Grain).index(than)


def _has_few(series: Series, days: RunningTotal, selection: Selection, least: int) -> bool:
    """Whether some number of answers, drawn or left over, would tell of a few people."""
    drawn = [point.n for point in series.points]
    earlier = [point.earlier.n for point in series.points if point.earlier]
    answered = days.answered(selection.first, selection.last)
    total = days.counts(answered).n if answered else 0
    return any(0 < n < least for n in (*drawn, *earlier, total - sum(drawn)))


def _reach(grain: Grain, span: Span) -> int:
    """How many periods hold a span."""
    first, last = first_of(grain, span.first), first_of(grain, span.last)
    months = 12 * (last.year - first.year) + last.month - first.month
    return {
        Grain.DAY: span.days,
        Grain.WEEK: (last - first).days // 7 + 1,
        Grain.MONTH: months + 1,
        Grain.QUARTER: months // 3 + 1,
    }[grain]


def _measure(
    days: RunningTotal,
    selection: Selection,
    span: Span,
    *,
    before: Span | None,
    thresholds: Thresholds,
) -> Point:
    counted = Span(
        max(span.first, selection.first) if selection.first else span.first,
        min(span.last, selection.last) if selection.last else span.last,
    )
    rows = selection.narrowed(status=Response.Status.COUNTED.value)
    if before:
        before = shorten_likewise(before, span, counted)
    return Point(
        span=span,
        counted=counted,
        counts=days.counts(counted),
        thresholds=thresholds,
        rows_url=replace(rows, first=counted.first, last=counted.last).rows_url,
        earlier=Measured(counts=days.counts(before), thresholds=thresholds) if before else None,
    )


def _mark_breaks(points: list[Point], events: Sequence[Event]) -> list[Point]:
    """Tell which points follow on a change of the survey: no line joins them to the one before."""
    changes = [event for event in events if event.is_survey_change]
    marked = points[:1]
    for before, point in pairwise(points):
        is_after = any(change.breaks(before.first, point.span.last) for change in changes)
        marked.append(replace(point, is_after_change=is_after))
    return marked


@dataclass(frozen=True, slots=True)
class RollingPoint:
    """The score of the days up to and including `day`; None where they hold too few answers."""

    day: dt.date
    nps: float | None


def list_rolling(
    days: RunningTotal,
    span: Span,
    *,
    length: int,
    events: Sequence[Event] = (),
    until: dt.date | None = None,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> list[RollingPoint]:
    """Return a line through a span; it starts anew where the survey was changed."""
    last = min(span.last, until) if until else span.last
    step = -(-span.days // MOST_ROLLING)
    starts = [event.span.last for event in events if event.is_survey_change]
    found: list[RollingPoint] = []
    day = last
    while day >= span.first:
        first = max([day - (length - 1) * DAY, *(start for start in starts if start <= day)])
        counts = days.counts(Span(first, day))
        score = nps(counts) if counts.n >= thresholds.compare else None
        found.append(RollingPoint(day, score))
        day -= step * DAY
    return found[::-1]
