"""The one query behind headline, split and histogram, so that the three cannot disagree."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Max

from responses.models import Response
from responses.scoring import HIGHEST, Counts
from responses.selection import Selection
from surveys.models import Survey


@dataclass(frozen=True, slots=True)
class Tally:
    """Counted answers per score 0 to 10, and how many were kept out of the count."""

    histogram: tuple[int, ...]
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


def latest_survey() -> Survey | None:
    """Return the survey that was answered last, or the newest while nobody has answered any."""
    latest = Response.objects.counted().select_related("survey").order_by("-answered_at").first()
    return latest.survey if latest else Survey.objects.order_by("-created_at", "-pk").first()


def latest_answer(survey: Survey) -> dt.datetime | None:
    """Return when the newest counted answer of a survey was given."""
    newest: dt.datetime | None = (
        Response.objects.counted()
        .filter(survey=survey)
        .aggregate(newest=Max("answered_at"))["newest"]
    )
    return newest
