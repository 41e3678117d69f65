"""Counting: what makes up the score and what does not, in one query."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from responses.models import Category, Response
from responses.reports.counting import (
    Tally,
    count_responses,
    find_latest,
    latest_survey,
    list_answered,
)
from responses.reports.headline import Balance, summarise
from responses.reports.histogram import columns
from responses.reports.split import split
from responses.scoring import Counts, Tier, categorise
from responses.selection import Selection
from surveys.models import Survey
from tests.factories import make_response, make_survey

ZONE = ZoneInfo("Europe/Amsterdam")
pytestmark = pytest.mark.django_db


def select(survey: Survey | None) -> Selection:
    return Selection(zone=ZONE, survey=survey)


def fill(survey: Survey, *scores: int, status: str = Response.Status.COUNTED) -> None:
    for score in scores:
        make_response(survey=survey, score=score, status=status, channel="import")


def test_count_holds_every_score_of_this_survey_only() -> None:
    survey = make_survey()
    fill(survey, 0, 6, 7, 9, 9, 10)
    fill(make_survey(), 0, 0, 0)

    tally = count_responses(select(survey))

    assert tally.histogram == (1, 0, 0, 0, 0, 0, 1, 1, 0, 2, 1)
    assert tally.counts == Counts(detractors=2, passives=1, promoters=3)


def test_provisional_and_excluded_answers_are_stated_and_never_counted() -> None:
    survey = make_survey()
    fill(survey, 10)
    fill(survey, 0, 0, status=Response.Status.PROVISIONAL)
    fill(survey, 0, status=Response.Status.EXCLUDED)

    headline = summarise(count_responses(select(survey)))

    assert (headline.n, headline.nps_rounded) == (1, 100)
    assert (headline.provisional, headline.excluded, headline.left_out) == (2, 1, 3)


def test_count_refuses_to_pool_surveys() -> None:
    with pytest.raises(ValueError, match="one survey"):
        count_responses(select(None))


def test_count_takes_two_queries_however_many_answers(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    survey = make_survey()
    for scores in ([9], [3, 7]):
        fill(survey, *scores)
        with django_assert_num_queries(2):
            count_responses(select(survey))


def test_database_and_arithmetic_agree_on_every_category() -> None:
    survey = make_survey()
    fill(survey, *range(11))

    stored = dict(Response.objects.values_list("score", "category"))

    assert stored == {score: categorise(score).value for score in range(11)}


def test_nothing_counted_has_no_score() -> None:
    headline = summarise(count_responses(select(make_survey())))

    assert (headline.nps, headline.nps_rounded, headline.interval) == (None, None, None)
    assert (headline.low, headline.tier, headline.swing) == (None, Tier.EMPTY, None)


@pytest.mark.parametrize(
    ("detractors", "passives", "promoters", "balance"),
    [
        (20, 30, 50, Balance.PROMOTERS),
        (75, 20, 5, Balance.DETRACTORS),
        (3, 5, 7, Balance.EVEN),
    ],
)
def test_balance_is_called_only_when_the_interval_lies_on_one_side(
    detractors: int, passives: int, promoters: int, balance: Balance
) -> None:
    histogram = (detractors, 0, 0, 0, 0, 0, 0, passives, 0, promoters, 0)

    headline = summarise(Tally(histogram, scale_min=0, provisional=0, excluded=0))

    assert headline.balance == balance


def test_split_has_shares_of_one_hundred_and_links_to_its_rows() -> None:
    survey = make_survey(slug="levering")
    fill(survey, 3, 8, 9)

    parts = split(count_responses(select(survey)).counts, select(survey))

    assert [part.n for part in parts] == [1, 1, 1]
    assert sum(part.share for part in parts) == Decimal("100.0")
    assert [part.category for part in parts] == list(Category)
    assert parts[0].rows_url.endswith(
        "?survey=levering&period=all&category=detractor&status=counted"
    )


def test_histogram_of_a_scale_from_one_has_no_zero() -> None:
    survey = make_survey(scale_min=1)
    fill(survey, 1, 6, 9)

    shown = columns(count_responses(select(survey)), select(survey))

    assert [column.score for column in shown] == list(range(1, 11))
    assert [column.n for column in shown] == [1, 0, 0, 0, 0, 1, 0, 0, 1, 0]
    assert split(count_responses(select(survey)).counts, select(survey))[0].lowest == 1


def test_split_and_histogram_of_nothing_are_empty() -> None:
    survey = make_survey()
    tally = count_responses(select(survey))

    assert split(tally.counts, select(survey)) == []
    assert columns(tally, select(survey)) == []


def test_latest_survey_is_the_one_answered_last() -> None:
    now = timezone.now()
    old, new, silent = make_survey(), make_survey(), make_survey()
    make_response(survey=old, channel="import", answered_at=now - dt.timedelta(days=2))
    make_response(survey=new, channel="import", answered_at=now - dt.timedelta(days=1))
    make_response(survey=old, channel="import", answered_at=now, status="provisional")

    assert latest_survey() == new
    answered = list_answered()
    assert find_latest(answered) == new
    assert (answered[new], answered[silent]) == (now - dt.timedelta(days=1), None)


def test_latest_survey_without_answers_is_the_newest() -> None:
    make_survey()
    newest = make_survey()

    assert latest_survey() == newest


def test_without_surveys_there_is_no_latest() -> None:
    assert latest_survey() is None
