"""The one query behind headline, split and histogram, so that the three cannot disagree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import OuterRef, Subquery

from responses.dimensions import LEFT_OUT_STATUSES
from responses.models import Response
from responses.reports.left_out import count_left_out
from responses.reports.tallied import NOBODY, Histogram, add_up, read_days, read_total
from responses.scoring import Counts
from responses.selection import Selection
from surveys.models import Survey

__all__ = ["NOBODY", "DaysCounted", "Histogram", "Tally", "add_up"]


@dataclass(frozen=True, slots=True)
class DaysCounted:
    """The counted answers of each day of the organisation's calendar on which anybody answered."""

    days: Mapping[dt.date, Histogram]
    scale_min: int

    @property
    def first(self) -> dt.date | None:
        return min(self.days, default=None)

    @property
    def last(self) -> dt.date | None:
        return max(self.days, default=None)

    def histogram(self, first: dt.date | None = None, last: dt.date | None = None) -> Histogram:
        """Add up the days from `first` to `last`, both included; None is no limit."""
        return add_up(
            histogram
            for day, histogram in self.days.items()
            if (first is None or first <= day) and (last is None or day <= last)
        )

    def counts(self, first: dt.date | None = None, last: dt.date | None = None) -> Counts:
        return Counts.from_histogram(self.histogram(first, last), scale_min=self.scale_min)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counted answers per score 0 to 10, and how many were kept out of the count."""

    histogram: Histogram
    scale_min: int
    provisional: int
    excluded: int

    @property
    def counts(self) -> Counts:
        return Counts.from_histogram(self.histogram, scale_min=self.scale_min)


def count_responses(selection: Selection, *, days: DaysCounted | None = None) -> Tally:
    """Count the responses of one survey: scores of different scales are never added up.

    Who has `count_days` of the same selection at hand passes it on, and saves counting them again.
    """
    if selection.survey is None:
        raise ValueError("A score belongs to one survey; the selection names none.")
    left_out = count_left_out(selection)
    if selection.status in LEFT_OUT_STATUSES:
        histogram = NOBODY
    elif days is not None:
        histogram = days.histogram(selection.first, selection.last)
    else:
        histogram = read_total(selection)
    return Tally(
        histogram=histogram,
        scale_min=selection.survey.scale_min,
        provisional=left_out.get(Response.Status.PROVISIONAL, 0),
        excluded=left_out.get(Response.Status.EXCLUDED, 0),
    )


def count_scores(selection: Selection) -> Counts:
    """Count those that make up the score of one survey, and nothing beside it (one query)."""
    if selection.survey is None:
        raise ValueError("A score belongs to one survey; the selection names none.")
    return Counts.from_histogram(read_total(selection), scale_min=selection.survey.scale_min)


def count_days(selection: Selection) -> DaysCounted:
    """Count each day by itself, over all days: those of the selection are left to the reader."""
    if selection.survey is None:
        raise ValueError("A score belongs to one survey; the selection names none.")
    found = read_days(replace(selection, first=None, last=None))
    return DaysCounted(found, selection.survey.scale_min)


def latest_survey(*, touchpoint: str = "") -> Survey | None:
    """Return the survey that was answered last, or the newest while nobody has answered any."""
    answers, surveys = Response.objects.counted(), Survey.objects.order_by("-created_at", "-pk")
    if touchpoint:
        answers = answers.filter(survey__touchpoint=touchpoint)
        surveys = surveys.filter(touchpoint=touchpoint)
    latest = answers.select_related("survey").order_by("-answered_at").first()
    return latest.survey if latest else surveys.first()


def list_answered() -> dict[Survey, dt.datetime | None]:
    """Return every survey, and when its newest counted answer was given (one query)."""
    answers = Response.objects.counted().filter(survey=OuterRef("pk")).order_by("-answered_at")
    newest = Subquery(answers.values("answered_at")[:1])
    surveys: Any = Survey.objects.select_related("pre_survey").annotate(answered_at=newest)
    return {survey: survey.answered_at for survey in surveys}


def find_latest(
    answered: Mapping[Survey, dt.datetime | None], *, touchpoint: str = ""
) -> Survey | None:
    """The same as `latest_survey`, of those that are at hand."""
    there = [each for each in answered if touchpoint in ("", each.touchpoint)]
    beginning = dt.datetime.min.replace(tzinfo=dt.UTC)
    return max(
        there,
        key=lambda each: (answered[each] or beginning, each.created_at, each.pk),
        default=None,
    )
