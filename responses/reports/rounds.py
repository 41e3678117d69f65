"""The rounds of a repeated campaign side by side, each held against the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Count

from responses.differing import Difference, compare
from responses.models import Response
from responses.reports.measured import Measured
from responses.reports.response_rate import ResponseRate, count_invited
from responses.scoring import DEFAULT_THRESHOLDS, HIGHEST, Counts, Thresholds
from responses.selection import Selection
from surveys.models import Campaign


@dataclass(frozen=True, kw_only=True)
class Round(Measured):
    """`difference` is None for the first round, after another survey, and without a score."""

    campaign: Campaign
    rate: ResponseRate
    difference: Difference | None
    is_other_survey: bool  # than the round before
    selection: Selection

    @property
    def rows_url(self) -> str:
        return self.selection.narrowed(status=Response.Status.COUNTED.value).rows_url

    @property
    def shown_difference(self) -> Difference | None:
        return self.difference if self.difference and self.difference.is_shown else None


def list_series(campaign: Campaign) -> list[Campaign]:
    """Return the rounds from the first to the last that were launched, whichever one is given."""
    first = campaign
    while first.previous:
        first = first.previous
    series: list[Campaign] = []
    following: Campaign | None = first
    while following:
        if following.state != Campaign.State.DRAFT:
            series.append(following)
        following = Campaign.objects.select_related("survey").filter(previous=following).first()
    return series


def compare_rounds(
    campaign: Campaign, *, zone: ZoneInfo, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> list[Round]:
    """Return the rounds of a series, the first one first; nothing for a campaign without others."""
    series = list_series(campaign)
    if len(series) < 2:
        return []
    counts = _count_by_campaign(series)
    rounds: list[Round] = []
    for each in series:
        before = rounds[-1] if rounds else None
        # Scores of different questions or scales say nothing about each other.
        is_other = before is not None and before.campaign.survey_id != each.survey_id
        selection = Selection(zone=zone, survey=each.survey, campaign=each)
        rounds.append(
            Round(
                campaign=each,
                counts=counts[each.pk],
                thresholds=thresholds,
                rate=count_invited(selection),
                selection=selection,
                is_other_survey=is_other,
                difference=compare(before.counts, counts[each.pk], thresholds=thresholds)
                if before and not is_other
                else None,
            )
        )
    return rounds


def _count_by_campaign(series: list[Campaign]) -> dict[int, Counts]:
    rows = (
        Response.objects.counted()
        .filter(invitation__campaign__in=series)
        .order_by()
        .values_list("invitation__campaign", "score")
        .annotate(n=Count("pk"))
    )
    histograms = {each.pk: [0] * (HIGHEST + 1) for each in series}
    for pk, score, n in rows:
        histograms[pk][score] = n
    return {
        each.pk: Counts.from_histogram(histograms[each.pk], scale_min=each.survey.scale_min)
        for each in series
    }
