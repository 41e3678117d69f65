"""What a score is held against: the round before, the days before, or the same a year earlier.

Computed from the days that are counted already; only a round needs a query of its own. There is no
comparison across a change of survey or scale: `barrier` then says why, and `difference` is None.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.db import models
from django.utils.translation import gettext_lazy as _

from responses.differing import Difference, compare
from responses.models import Event, Response
from responses.reports.counting import count_scores
from responses.reports.measured import Measured
from responses.reports.running import RunningTotal
from responses.scoring import Counts, Thresholds
from responses.selection import MONTHS_OF, Period, Selection
from responses.spans import DAY, Span, cut_at, shift_months, span_a_year_before, span_before
from surveys.models import Campaign

# A year and a month: with less, a year earlier is mostly a time at which nobody was asked.
LEAST_MONTHS_FOR_A_YEAR = 13


class Against(models.TextChoices):
    ROUND = "round", _("The round before")
    BEFORE = "before", _("The period before")
    YEAR = "year", _("A year earlier")
    NONE = "none", _("Nothing")


class Barrier(enum.StrEnum):
    """Why there is nothing to compare with."""

    NO_ROUND = "no_round"
    OTHER_SURVEY = "other_survey"
    ALL_TIME = "all_time"
    TOO_LONG = "too_long"
    TOO_YOUNG = "too_young"
    SURVEY_CHANGE = "survey_change"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The score as it stands, and all that it might be held against."""

    selection: Selection
    period: Period
    today: dt.date
    counts: Counts
    days: RunningTotal
    campaigns: Sequence[Campaign]  # the newest first
    events: Sequence[Event]
    thresholds: Thresholds

    @property
    def span(self) -> Span | None:
        """The days that are meant: all of a period that is still running. None without a start."""
        first = self.selection.first
        if first is None or first > self.today:
            return None
        if self.period in MONTHS_OF:
            return Span(first, shift_months(first, MONTHS_OF[self.period]) - DAY)
        if self.period == Period.WEEK:
            return Span(first, first + 6 * DAY)
        return Span(first, self.selection.last or self.today)

    @property
    def round(self) -> Campaign | None:
        """The campaign selected, or the newest one when the days are just those of its window."""
        if self.selection.campaign:
            return self.selection.campaign
        begun = (each for each in self.campaigns if each.first_day <= self.today)
        newest, span = next(begun, None), self.span
        if newest is None or span is None or span.first != newest.first_day:
            return None
        ends = {newest.last_day, min(newest.last_day, self.today)}
        return newest if span.last in ends else None

    @property
    def round_before(self) -> Campaign | None:
        """The one before, of the same survey; those of others are not among the campaigns."""
        number = self.round.previous_id if self.round else None
        return next((each for each in self.campaigns if each.pk == number), None)

    @property
    def usual(self) -> Against:
        """What is compared with unless the reader chooses."""
        if self.round_before:
            return Against.ROUND
        return Against.BEFORE if self.span else Against.NONE


@dataclass(frozen=True, kw_only=True)
class Earlier(Measured):
    """What the score is held against, and what that says. `span` is None of a round.

    `begins`: the day of the very first answer, when it lies within the days compared with.
    """

    against: Against
    counts: Counts = field(default_factory=Counts)
    span: Span | None = None
    campaign: Campaign | None = None
    rows_url: str = ""
    barrier: Barrier | None = None
    change: Event | None = None
    begins: dt.date | None = None
    difference: Difference | None = None

    @property
    def shown_difference(self) -> Difference | None:
        return self.difference if self.difference and self.difference.is_shown else None


def hold_against(standing: Standing, against: Against) -> Earlier | None:
    """Return what came of it; None when the reader asked for no comparison."""
    match against:
        case Against.NONE:
            return None
        case Against.ROUND:
            return _hold_against_round(standing)
    span = standing.span
    if span is None:
        return Earlier(against=against, barrier=Barrier.ALL_TIME)
    if against == Against.BEFORE:
        return _hold_against_days(standing, against, span_before(span, today=standing.today))
    return _hold_against_year(standing, span)


def _hold_against_round(standing: Standing) -> Earlier:
    current, before = standing.round, standing.round_before
    if current is None or current.previous_id is None:
        return Earlier(against=Against.ROUND, barrier=Barrier.NO_ROUND)
    if before is None:
        return Earlier(against=Against.ROUND, barrier=Barrier.OTHER_SURVEY)
    last = min(standing.selection.last or standing.today, standing.today)
    change = _find_change(standing, before.first_day, last)
    chosen = replace(standing.selection, campaign=before, first=None, last=None)
    # The one query: a round is known by its invitations, not by its days.
    counts = count_scores(chosen)
    return _judge(
        standing,
        Earlier(
            against=Against.ROUND,
            counts=counts,
            thresholds=standing.thresholds,
            campaign=before,
            rows_url=_rows_url(chosen),
            change=change,
        ),
    )


def _hold_against_year(standing: Standing, span: Span) -> Earlier:
    earlier, oldest = span_a_year_before(span, today=standing.today), standing.days.first
    if earlier is None:
        return Earlier(against=Against.YEAR, barrier=Barrier.TOO_LONG)
    come = cut_at(span, standing.today)
    youngest = shift_months(come.last.replace(day=1), -LEAST_MONTHS_FOR_A_YEAR)
    if oldest is None or oldest > youngest + (come.last.day - 1) * DAY:
        return Earlier(against=Against.YEAR, barrier=Barrier.TOO_YOUNG, begins=oldest)
    return _hold_against_days(standing, Against.YEAR, earlier)


def _hold_against_days(standing: Standing, against: Against, span: Span) -> Earlier:
    oldest = standing.days.first
    last = min(standing.selection.last or standing.today, standing.today)
    return _judge(
        standing,
        Earlier(
            against=against,
            counts=standing.days.counts(span),
            thresholds=standing.thresholds,
            span=span,
            rows_url=_rows_url(replace(standing.selection, first=span.first, last=span.last)),
            change=_find_change(standing, span.first, last),
            begins=oldest if oldest and span.first < oldest <= span.last else None,
        ),
    )


def _judge(standing: Standing, earlier: Earlier) -> Earlier:
    if earlier.change:
        return replace(earlier, barrier=Barrier.SURVEY_CHANGE)
    difference = compare(earlier.counts, standing.counts, thresholds=standing.thresholds)
    return replace(earlier, difference=difference)


def _find_change(standing: Standing, first: dt.date, last: dt.date) -> Event | None:
    """Return the newest change of the survey that lies between the two or within one."""
    changes = [event for event in standing.events if event.breaks(first, last)]
    return max(changes, key=lambda event: event.first_day, default=None)


def _rows_url(selection: Selection) -> str:
    return selection.narrowed(status=Response.Status.COUNTED.value).rows_url
