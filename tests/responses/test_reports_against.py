"""What the score is held against, and when it is not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from responses.differing import Verdict
from responses.models import Event
from responses.reports.against import Against, Barrier, Standing, hold_against
from responses.reports.counting import DaysCounted
from responses.reports.running import RunningTotal
from responses.scoring import DEFAULT_THRESHOLDS, Counts
from responses.selection import Period, Selection
from responses.spans import Span
from surveys.models import Campaign, Survey
from tests.factories import make_campaign, make_invitation, make_response, make_survey

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
TODAY = dt.date(2026, 11, 22)
NOVEMBER, OCTOBER = dt.date(2026, 11, 1), dt.date(2026, 10, 1)


def stand(
    *,
    counts: Counts,
    days: dict[dt.date, tuple[int, int, int]],
    selection: Selection | None = None,
    period: Period = Period.MONTH,
    campaigns: list[Campaign] | None = None,
    events: list[Event] | None = None,
) -> Standing:
    """`days` are detractors, passives and promoters."""
    histograms = {
        day: (low, *(0,) * 6, middle, 0, high, 0) for day, (low, middle, high) in days.items()
    }
    usual = Selection(zone=AMSTERDAM, survey=Survey(slug="s"), first=NOVEMBER, last=TODAY)
    return Standing(
        selection=selection or usual,
        period=period,
        today=TODAY,
        counts=counts,
        days=RunningTotal(DaysCounted(histograms, scale_min=0)),
        campaigns=campaigns or [],
        events=events or [],
        thresholds=DEFAULT_THRESHOLDS,
    )


def test_difference_is_that_of_two_adjusted_groups() -> None:
    # MeasuringU nps-significance-test: 20/30/50 v 10/20/90, +36.7, from +17.1 to +54.7.
    standing = stand(counts=Counts(10, 20, 90), days={OCTOBER: (20, 30, 50)})

    earlier = hold_against(standing, Against.BEFORE)

    assert earlier is not None
    assert earlier.difference is not None
    assert earlier.difference.points == pytest.approx(36.67, abs=0.01)
    assert [round(end, 1) for end in earlier.difference.interval] == [17.1, 54.7]
    assert earlier.difference.verdict == Verdict.HIGHER


def test_running_month_is_held_against_as_many_days() -> None:
    standing = stand(
        counts=Counts(0, 0, 40),
        days={
            OCTOBER: (1, 0, 0),
            dt.date(2026, 10, 22): (0, 0, 2),
            dt.date(2026, 10, 23): (9, 9, 9),
        },
    )

    earlier = hold_against(standing, Against.BEFORE)

    assert earlier is not None
    assert earlier.span == Span(OCTOBER, dt.date(2026, 10, 22))
    assert earlier.counts == Counts(1, 0, 2)
    assert earlier.rows_url.endswith("from=2026-10-01&to=2026-10-22&status=counted")
    assert earlier.shown_difference is None


def test_all_time_has_nothing_before_it() -> None:
    selection = Selection(zone=AMSTERDAM, survey=Survey(slug="s"))
    standing = stand(counts=Counts(0, 0, 40), days={}, selection=selection, period=Period.ALL)

    for against in (Against.BEFORE, Against.YEAR):
        earlier = hold_against(standing, against)
        assert earlier is not None
        assert earlier.barrier == Barrier.ALL_TIME
    assert standing.usual == Against.NONE
    assert hold_against(standing, Against.NONE) is None


@pytest.mark.parametrize(
    ("oldest", "barrier"),
    [(dt.date(2025, 10, 22), None), (dt.date(2025, 10, 23), Barrier.TOO_YOUNG)],
)
def test_year_before_needs_thirteen_months_of_answers(
    oldest: dt.date, barrier: Barrier | None
) -> None:
    days = {oldest: (1, 1, 1), dt.date(2025, 11, 22): (0, 0, 30), dt.date(2025, 11, 23): (30, 0, 0)}
    standing = stand(counts=Counts(0, 0, 30), days=days)

    earlier = hold_against(standing, Against.YEAR)

    assert earlier is not None
    assert earlier.barrier == barrier
    assert earlier.counts == (Counts() if barrier else Counts(0, 0, 30))


def test_days_on_which_answers_only_began_are_told() -> None:
    began = dt.date(2026, 10, 12)
    standing = stand(counts=Counts(0, 0, 30), days={began: (0, 0, 30)})

    earlier = hold_against(standing, Against.BEFORE)

    assert earlier is not None
    assert earlier.begins == began


@pytest.mark.parametrize(
    ("first", "last", "is_barred"),
    [
        (dt.date(2026, 9, 30), None, False),  # before everything compared
        (OCTOBER, None, False),  # from then on all answers are of the new survey
        (OCTOBER, dt.date(2026, 10, 2), True),
        (dt.date(2026, 10, 23), None, True),  # between the two
        (NOVEMBER, None, True),
        (TODAY, None, True),
        (dt.date(2026, 11, 23), None, False),
    ],
)
def test_change_of_the_survey_bars_comparison(
    first: dt.date, last: dt.date | None, is_barred: bool
) -> None:
    change = Event(label="New wording", kind="survey_change", first_day=first, last_day=last)
    price = Event(label="Price", kind="price", first_day=NOVEMBER)
    standing = stand(counts=Counts(0, 0, 40), days={OCTOBER: (40, 0, 0)}, events=[price, change])

    earlier = hold_against(standing, Against.BEFORE)

    assert earlier is not None
    assert (earlier.barrier == Barrier.SURVEY_CHANGE) == is_barred
    assert (earlier.difference is None) == is_barred
    assert earlier.change == (change if is_barred else None)


@pytest.fixture
def rounds(db: None) -> list[Campaign]:
    """Of one survey, the newest first; the older one was answered by forty promoters."""
    survey = make_survey()
    spring = make_campaign(survey=survey, name="Spring", first_day=dt.date(2026, 5, 1))
    autumn = make_campaign(
        survey=survey, name="Autumn", first_day=NOVEMBER, previous=spring, round=2
    )
    for _ in range(40):
        asked = make_invitation(campaign=spring, state="sent", sent_at=dt.datetime.now(dt.UTC))
        make_response(invitation=asked, score=10)
    return [autumn, spring]


def of_round(rounds: list[Campaign], **fields: object) -> Standing:
    autumn = rounds[0]
    selection = Selection(zone=AMSTERDAM, survey=autumn.survey, campaign=autumn)
    standing = stand(
        counts=Counts(40, 0, 0), days={}, selection=selection, period=Period.ALL, campaigns=rounds
    )
    return replace(standing, **fields)  # type: ignore[arg-type]


def test_round_is_held_against_the_one_before_with_one_query(
    rounds: list[Campaign], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    standing = of_round(rounds)

    with django_assert_num_queries(1):
        earlier = hold_against(standing, standing.usual)

    assert earlier is not None
    assert (earlier.against, earlier.campaign) == (Against.ROUND, rounds[1])
    assert earlier.difference is not None
    assert (earlier.difference.points, earlier.difference.verdict) == (-200.0, Verdict.LOWER)
    assert f"campaign={rounds[1].pk}&" in earlier.rows_url


def test_round_is_usual_when_the_days_are_those_of_its_window(rounds: list[Campaign]) -> None:
    own = Selection(zone=AMSTERDAM, survey=rounds[0].survey, first=NOVEMBER, last=TODAY)
    whole = replace(own, last=rounds[0].last_day)
    other = replace(own, first=OCTOBER)

    usual = [
        of_round(rounds, selection=each, period=Period.CUSTOM).usual for each in (own, whole, other)
    ]

    assert usual == [Against.ROUND, Against.ROUND, Against.BEFORE]


def test_first_round_has_none_before_it(rounds: list[Campaign]) -> None:
    standing = of_round(rounds)
    first = replace(standing, selection=replace(standing.selection, campaign=rounds[1]))

    earlier = hold_against(first, Against.ROUND)

    assert first.usual == Against.NONE
    assert earlier is not None
    assert earlier.barrier == Barrier.NO_ROUND


def test_round_of_another_survey_is_not_compared(rounds: list[Campaign]) -> None:
    earlier = hold_against(of_round(rounds, campaigns=rounds[:1]), Against.ROUND)

    assert earlier is not None
    assert (earlier.barrier, earlier.difference) == (Barrier.OTHER_SURVEY, None)


def test_round_is_not_compared_across_a_change_of_the_survey(rounds: list[Campaign]) -> None:
    change = Event(label="Scale", kind="survey_change", first_day=dt.date(2026, 8, 1))

    earlier = hold_against(of_round(rounds, events=[change]), Against.ROUND)

    assert earlier is not None
    assert (earlier.barrier, earlier.change) == (Barrier.SURVEY_CHANGE, change)
