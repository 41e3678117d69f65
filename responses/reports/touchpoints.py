"""Each survey's score side by side, in the same days and among the same customers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from responses.models import Response
from responses.reports.counting import NOBODY, Histogram
from responses.reports.measured import Measured
from responses.reports.tallied import read_surveys
from responses.scoring import DEFAULT_THRESHOLDS, Counts, Thresholds
from responses.selection import Selection
from surveys.models import Survey


@dataclass(frozen=True, kw_only=True)
class Touchpoint(Measured):
    survey: Survey
    within: Selection
    is_current: bool

    @property
    def rows_url(self) -> str:
        return self.within.narrowed(status=Response.Status.COUNTED.value).rows_url


def count_surveys(selection: Selection) -> dict[int, Histogram]:
    """Count the scores of every survey; of the selection only days and properties matter."""
    return read_surveys(_of(selection, None))


def count_survey(found: Mapping[int, Histogram], survey: Survey) -> Counts:
    return Counts.from_histogram(found.get(survey.pk, NOBODY), scale_min=survey.scale_min)


def list_touchpoints(
    selection: Selection,
    surveys: Iterable[Survey],
    found: Mapping[int, Histogram],
    *,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> list[Touchpoint]:
    """Return the surveys that were answered, in the order in which a customer meets them."""
    order = list(Survey.Touchpoint)
    return sorted(
        (
            Touchpoint(
                counts=count_survey(found, survey),
                thresholds=thresholds,
                survey=survey,
                within=_of(selection, survey),
                is_current=survey == selection.survey,
            )
            for survey in surveys
            if survey.pk in found
        ),
        key=lambda each: (order.index(Survey.Touchpoint(each.survey.touchpoint)), each.survey.name),
    )


def _of(selection: Selection, survey: Survey | None) -> Selection:
    return replace(selection.narrowed(), survey=survey, campaign=None)
