"""The score month by month, on the organisation's calendar, with gaps and small months told."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from responses.models import Response
from responses.reports.trend import LONGEST_TREND, list_months
from responses.scoring import Counts, interval
from responses.selection import Selection
from surveys.filtering import PropertyFilter
from surveys.models import Survey
from tests.factories import make_response, make_survey

pytestmark = pytest.mark.django_db
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def fill(survey: Survey, moment: str, scores: list[int], **fields: object) -> None:
    for score in scores:
        make_response(
            survey=survey,
            score=score,
            channel="import",
            answered_at=dt.datetime.fromisoformat(moment),
            **fields,
        )


def test_month_begins_on_the_clock_of_the_organisation() -> None:
    survey = make_survey()
    fill(survey, "2026-06-30T21:59:59Z", [9] * 5)
    fill(survey, "2026-06-30T22:00:00Z", [3] * 6)

    months = list_months(Selection(zone=AMSTERDAM, survey=survey))

    assert [(month.first, month.n) for month in months] == [
        (dt.date(2026, 6, 1), 5),
        (dt.date(2026, 7, 1), 6),
    ]


def test_month_has_score_and_adjusted_wald_interval() -> None:
    survey = make_survey()
    fill(survey, "2026-06-10T12:00Z", [3] * 3 + [7] * 5 + [10] * 7)

    (month,) = list_months(Selection(zone=AMSTERDAM, survey=survey))

    assert month.nps == pytest.approx(400 / 15)
    assert month.interval == interval(Counts(3, 5, 7))


def test_month_without_answers_is_there_and_has_no_score() -> None:
    survey = make_survey()
    fill(survey, "2025-12-10T12:00Z", [9] * 5)
    fill(survey, "2026-02-10T12:00Z", [9] * 5)

    months = list_months(Selection(zone=AMSTERDAM, survey=survey))

    assert [(month.first.month, month.n, month.nps) for month in months] == [
        (12, 5, 100.0),
        (1, 0, None),
        (2, 5, 100.0),
    ]


@pytest.mark.parametrize(
    ("n", "has_score", "is_hollow"), [(4, False, False), (5, True, True), (30, True, False)]
)
def test_month_shows_what_its_answers_can_bear(n: int, has_score: bool, is_hollow: bool) -> None:
    survey = make_survey()
    fill(survey, "2026-02-10T12:00Z", [9] * n)

    (month,) = list_months(Selection(zone=AMSTERDAM, survey=survey))

    assert (month.nps is not None, month.is_hollow) == (has_score, is_hollow)


def test_rows_of_a_month_are_those_it_counted() -> None:
    survey = make_survey()
    fill(survey, "2026-02-03T12:00Z", [9] * 2)
    fill(survey, "2026-02-20T12:00Z", [9] * 3)
    fill(survey, "2026-02-20T12:00Z", [0], status="excluded")
    fill(survey, "2026-03-02T12:00Z", [9])
    chosen = Selection(zone=AMSTERDAM, survey=survey, first=dt.date(2026, 2, 10))

    february = list_months(chosen)[0]

    assert february.n == 3
    assert february.rows_url.endswith("from=2026-02-10&to=2026-02-28&status=counted")


def test_trend_follows_the_segment() -> None:
    survey = make_survey()
    fill(survey, "2026-02-10T12:00Z", [9] * 5, properties={"land": "België"})
    fill(survey, "2026-02-10T12:00Z", [0] * 5, properties={"land": "Nederland"})
    chosen = Selection(
        zone=AMSTERDAM, survey=survey, filters=(PropertyFilter("land", ("België",)),)
    )

    assert [month.nps for month in list_months(chosen)] == [100.0]


def test_trend_holds_the_newest_three_years() -> None:
    survey = make_survey()
    for moment in ("2020-01-10T12:00Z", "2026-02-10T12:00Z"):
        fill(survey, moment, [9])

    months = list_months(Selection(zone=AMSTERDAM, survey=survey))

    assert len(months) == LONGEST_TREND == 36
    assert (months[0].first, months[-1].first) == (dt.date(2023, 3, 1), dt.date(2026, 2, 1))


def test_trend_never_pools_surveys() -> None:
    fill(make_survey(), "2026-02-10T12:00Z", [9])

    with pytest.raises(ValueError, match="one survey"):
        list_months(Selection(zone=AMSTERDAM))
    assert list_months(Selection(zone=AMSTERDAM, survey=make_survey())) == []
    assert Response.objects.count() == 1
