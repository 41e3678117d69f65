"""The one query behind headline, split and histogram, so that the three cannot disagree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from django.db.models import Count, Max
from django.db.models.functions import TruncDate

from responses.models import Response
from responses.scoring import HIGHEST, Counts
from responses.selection import Selection
from surveys.models import Survey

# Eleven counts, of score 0 to score 10.
Histogram: TypeAlias = tuple[int, ...]
NOBODY: Histogram = (0,) * (HIGHEST + 1)


def add_up(histograms: Iterable[Histogram]) -> Histogram:
    return tuple(map(sum, zip(NOBODY, *histograms, strict=True)))


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


def count_responses(selection: Selection) -> Tally:
    """Count the responses of one survey: scores of different scales are never added up."""
    if selection.survey is None:
        raise ValueError("A score belongs to one survey; the selection names none.")
    histogram = [0] * (HIGHEST + 1)
    left_out = {Response.Status.PROVISIONAL.value: 0, Response.Status.EXCLUDED.value: 0}
    rows = (
        Response.objects.in_selection(selection)
        .order_by()
        .values_list("status", "score")
        .annotate(n=Count("pk"))
    )
    for status, score, n in rows:
        if status == Response.Status.COUNTED:
            histogram[score] = n
        else:
            left_out[status] += n
    return Tally(
        histogram=tuple(histogram),
        scale_min=selection.survey.scale_min,
        provisional=left_out[Response.Status.PROVISIONAL],
        excluded=left_out[Response.Status.EXCLUDED],
    )


def count_days(selection: Selection) -> DaysCounted:
    """Count each day by itself, over all days: those of the selection are left to the reader."""
    if selection.survey is None:
        raise ValueError("A score belongs to one survey; the selection names none.")
    rows = (
        Response.objects.counted()
        .in_selection(replace(selection, first=None, last=None))
        .order_by()
        .annotate(_day=TruncDate("answered_at", tzinfo=selection.zone))
        .values_list("_day", "score")
        .annotate(n=Count("pk"))
    )
    found: dict[dt.date, list[int]] = {}
    for day, score, n in rows:
        found.setdefault(day, list(NOBODY))[score] = n
    return DaysCounted(
        {day: tuple(found[day]) for day in sorted(found)}, selection.survey.scale_min
    )


def latest_survey(*, touchpoint: str = "") -> Survey | None:
    """Return the survey that was answered last, or the newest while nobody has answered any."""
    answers, surveys = Response.objects.counted(), Survey.objects.order_by("-created_at", "-pk")
    if touchpoint:
        answers = answers.filter(survey__touchpoint=touchpoint)
        surveys = surveys.filter(touchpoint=touchpoint)
    latest = answers.select_related("survey").order_by("-answered_at").first()
    return latest.survey if latest else surveys.first()


def latest_answer(survey: Survey) -> dt.datetime | None:
    """Return when the newest counted answer of a survey was given."""
    newest: dt.datetime | None = (
        Response.objects.counted()
        .filter(survey=survey)
        .aggregate(newest=Max("answered_at"))["newest"]
    )
    return newest
