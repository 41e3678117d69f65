"""The score along time, on the organisation's calendar, with gaps and small periods told."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.models import Event
from responses.reports.counting import NOBODY, DaysCounted, count_days
from responses.reports.running import RunningTotal
from responses.reports.trend import (
    MOST_POINTS,
    MOST_POINTS_ASKED,
    list_points,
    list_rolling,
)
from responses.scoring import Counts, interval
from responses.selection import Selection
from responses.spans import DAY, Grain, Span
from surveys.filtering import PropertyFilter
from surveys.models import Survey
from tests.factories import make_response, make_survey

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
FIRST = dt.date(2026, 1, 5)  # a Monday


def fill(survey: Survey, moment: str, scores: list[int], **fields: object) -> None:
    for score in scores:
        make_response(
            survey=survey,
            score=score,
            channel="import",
            answered_at=dt.datetime.fromisoformat(moment),
            **fields,
        )


def counted(days: dict[dt.date, list[int]]) -> RunningTotal:
    histograms = {
        day: tuple(scores.count(score) for score in range(len(NOBODY)))
        for day, scores in days.items()
    }
    return RunningTotal(DaysCounted(histograms, scale_min=0))


def chosen(**fields: object) -> Selection:
    return Selection(zone=AMSTERDAM, survey=Survey(slug="s"), **fields)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_month_begins_on_the_clock_of_the_organisation() -> None:
    survey = make_survey()
    fill(survey, "2026-06-30T21:59:59Z", [9] * 5)
    fill(survey, "2026-06-30T22:00:00Z", [3] * 6)
    selection = Selection(zone=AMSTERDAM, survey=survey)

    series = list_points(RunningTotal(count_days(selection)), selection, grain=Grain.MONTH)

    assert series is not None
    assert [(point.first, point.n) for point in series.points] == [
        (dt.date(2026, 6, 1), 5),
        (dt.date(2026, 7, 1), 6),
    ]


@pytest.mark.django_db
def test_trend_follows_the_segment() -> None:
    survey = make_survey()
    fill(survey, "2026-02-10T12:00Z", [9] * 5, properties={"land": "België"})
    fill(survey, "2026-02-10T12:00Z", [0] * 5, properties={"land": "Nederland"})
    selection = Selection(
        zone=AMSTERDAM, survey=survey, filters=(PropertyFilter("land", ("België",)),)
    )

    series = list_points(RunningTotal(count_days(selection)), selection)

    assert series is not None
    assert [point.nps for point in series.points] == [100.0]


def test_month_has_score_and_adjusted_wald_interval() -> None:
    days = counted({dt.date(2026, 6, 10): [3] * 3 + [7] * 5, dt.date(2026, 6, 20): [10] * 7})

    series = list_points(days, chosen(), grain=Grain.MONTH)

    assert series is not None
    (month,) = series.points
    assert month.nps == pytest.approx(400 / 15)
    assert month.interval == interval(Counts(3, 5, 7))


def test_month_without_answers_is_there_and_has_no_score() -> None:
    days = counted({dt.date(2025, 12, 10): [9] * 5, dt.date(2026, 2, 10): [9] * 5})

    series = list_points(days, chosen(), grain=Grain.MONTH)

    assert series is not None
    assert [(month.first.month, month.n, month.nps) for month in series.points] == [
        (12, 5, 100.0),
        (1, 0, None),
        (2, 5, 100.0),
    ]


@pytest.mark.parametrize(
    ("n", "has_score", "is_hollow"), [(4, False, False), (5, True, True), (30, True, False)]
)
def test_point_shows_what_its_answers_can_bear(n: int, has_score: bool, is_hollow: bool) -> None:
    series = list_points(counted({FIRST: [9] * n}), chosen())

    assert series is not None
    (point,) = series.points
    assert (point.nps is not None, point.is_hollow) == (has_score, is_hollow)


def test_rows_of_a_month_are_those_it_counted() -> None:
    days = counted({dt.date(2026, 2, day): [9] for day in (3, 10, 20, 28)})
    selection = chosen(first=dt.date(2026, 2, 10), last=dt.date(2026, 2, 27))

    series = list_points(days, selection, grain=Grain.MONTH)

    assert series is not None
    assert series.points[0].n == 2
    assert series.points[0].rows_url.endswith("from=2026-02-10&to=2026-02-27&status=counted")


@pytest.mark.parametrize(
    ("days", "grain"),
    [
        (2, Grain.DAY),
        (36, Grain.DAY),
        (37, Grain.WEEK),
        (36 * 7, Grain.WEEK),
        (36 * 7 + 1, Grain.MONTH),
        (365, Grain.MONTH),
        (3 * 365 - 10, Grain.MONTH),
        (3 * 366 + 31, Grain.QUARTER),
    ],
)
def test_finest_line_of_at_most_36_points_is_drawn(days: int, grain: Grain) -> None:
    total = counted({FIRST + n * DAY: [9] * 5 for n in range(days)})

    series = list_points(total, chosen())

    assert series is not None
    assert series.grain == grain
    assert len(series.points) <= MOST_POINTS
    assert sum(point.n for point in series.points) == 5 * days


def test_coarser_line_is_drawn_where_days_have_no_score() -> None:
    total = counted({FIRST + n * DAY: [9] for n in range(28)})

    series = list_points(total, chosen())

    assert series is not None
    assert (series.grain, [point.n for point in series.points]) == (Grain.WEEK, [7] * 4)


def test_line_asked_for_holds_its_newest_points_and_says_how_many_are_left_out() -> None:
    total = counted({FIRST + n * DAY: [9] * 5 for n in range(400)})

    series = list_points(total, chosen(), grain=Grain.DAY)

    assert series is not None
    assert len(series.points) == MOST_POINTS_ASKED
    assert series.left_out == 400 - MOST_POINTS_ASKED
    assert series.points[-1].first == FIRST + 399 * DAY


def test_year_before_stands_beside_each_point() -> None:
    total = counted({dt.date(2025, 3, 31): [0] * 6, dt.date(2026, 3, 1): [9] * 5})

    series = list_points(
        total, chosen(first=dt.date(2026, 1, 1)), grain=Grain.MONTH, has_earlier=True
    )

    assert series is not None
    (march,) = series.points
    assert march.earlier is not None
    assert (march.nps, march.earlier.nps, march.earlier.n) == (100.0, -100.0, 6)


def test_line_is_broken_where_the_survey_changed() -> None:
    total = counted({FIRST + n * DAY: [9] * 5 for n in range(4)})
    change = Event(kind="survey_change", first_day=FIRST + 2 * DAY)
    launch = Event(kind="launch", first_day=FIRST + DAY)

    series = list_points(total, chosen(), events=[change, launch])

    assert series is not None
    assert [point.is_after_change for point in series.points] == [False, False, True, False]


def test_nobody_answered_is_no_line() -> None:
    assert list_points(counted({}), chosen()) is None
    assert list_points(counted({FIRST: [9]}), chosen(first=FIRST + DAY)) is None


def test_rolling_line_adds_up_its_days_and_needs_enough_of_them() -> None:
    total = counted({FIRST + n * DAY: [9] if n < 30 else [0] for n in range(60)})

    line = list_rolling(total, Span(FIRST, FIRST + 59 * DAY), length=30)

    assert len(line) == 60
    assert [point.nps for point in line[:29]] == [None] * 29
    assert line[29].nps == 100.0
    assert line[44].nps == pytest.approx(0.0)
    assert line[59].nps == -100.0


def test_rolling_line_never_holds_answers_of_two_surveys() -> None:
    total = counted({FIRST + n * DAY: [9 if n < 20 else 0] * 30 for n in range(40)})
    change = Event(kind="survey_change", first_day=FIRST + 20 * DAY)

    line = list_rolling(total, Span(FIRST, FIRST + 39 * DAY), length=30, events=[change])

    assert {point.nps for point in line[:20]} == {100.0}
    assert {point.nps for point in line[20:]} == {-100.0}


@given(
    st.dictionaries(
        st.integers(0, 400), st.lists(st.integers(0, 10), min_size=1, max_size=4), max_size=12
    ),
    st.integers(0, 400),
    st.integers(0, 400),
)
def test_running_total_is_the_sum_of_its_days(
    scores: dict[int, list[int]], start: int, length: int
) -> None:
    days = counted({FIRST + n * DAY: each for n, each in scores.items()})
    wanted = [score for n, each in scores.items() if start <= n <= start + length for score in each]

    found = days.counts(Span(FIRST + start * DAY, FIRST + (start + length) * DAY))

    assert found == Counts.from_scores(wanted)
