"""What a plan will bring: the rate and the curve, measured, assumed or typed."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from surveys.expecting import ASSUMED_CURVE, Expectation, Hands, draw_curve, expect, forecast
from surveys.models import Invitation, Survey
from tests.factories import make_campaign, make_contact, make_invitation, make_survey

NOW = dt.datetime(2026, 10, 30, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ZONE = ZoneInfo("Europe/Amsterdam")
MONDAY = dt.date(2026, 10, 5)


def make_mails(survey: Survey, *, sent: int, lags: list[int], age: int = 20) -> None:
    """So many mails of some days ago; those of `lags` were answered so many days later."""
    campaign, at = make_campaign(survey=survey), NOW - age * DAY
    contact = make_contact()
    rows = [
        Invitation(
            campaign=campaign,
            contact=contact,
            occasion=str(number),
            state="sent",
            sent_at=at,
            answered_at=at + lags[number] * DAY if number < len(lags) else None,
        )
        for number in range(sent)
    ]
    Invitation.objects.bulk_create(rows)


def test_forecast_lays_answers_behind_their_mails() -> None:
    expectation = Expectation(rate=50.0, curve=(0.5, 0.25, 0.25))

    answers = forecast({MONDAY: 40, MONDAY + DAY: 40}, expectation, capacity=14)

    assert list(answers.by_day.values()) == [10, 15, 10, 5]
    assert (answers.answers, answers.busiest, answers.days_over) == (40, 15, 1)
    assert answers.last_day == MONDAY + 3 * DAY


def test_part_of_an_answer_is_not_more_than_the_team_can_take() -> None:
    mails, whole = {MONDAY: 10}, Expectation(rate=100.0, curve=(1.0,))

    fits = forecast({MONDAY: 1}, Expectation(96, (1.0,)), team={MONDAY: Hands(1, 0)})
    over = forecast(mails, whole, team={MONDAY: Hands(9, 9)})

    assert (fits.days_over, over.days_over) == (0, 1)
    assert forecast({MONDAY: 19}, Expectation(50, (1.0,)), capacity=9).days_over == 0


def test_curve_of_counted_lags() -> None:
    assert draw_curve({0: 6, 2: 4}) == (0.6, 0.0, 0.4)
    assert sum(ASSUMED_CURVE) == pytest.approx(1)


@pytest.mark.django_db
def test_rate_and_curve_are_measured_where_the_survey_was_mailed() -> None:
    survey = make_survey()
    make_mails(survey, sent=100, lags=[0] * 15 + [1] * 10)
    make_mails(make_survey(), sent=100, lags=[0] * 90)

    found = expect(survey, zone=ZONE, now=NOW)

    assert (found.rate, found.answered, found.delivered) == (25.0, 25, 100)
    assert found.curve == (0.6, 0.4)
    assert found.is_measured


@pytest.mark.django_db
def test_bounced_and_fresh_mail_does_not_lower_the_rate() -> None:
    survey = make_survey()
    make_mails(survey, sent=60, lags=[0] * 30)
    make_mails(survey, sent=60, lags=[], age=1)
    for _ in range(5):
        make_invitation(
            campaign=make_campaign(survey=survey), state="sent", sent_at=NOW - 20 * DAY,
            delivery_status="bounced",
        )  # fmt: skip

    assert expect(survey, zone=ZONE, now=NOW).rate == 50.0


@pytest.mark.django_db
def test_rate_is_assumed_without_enough_mail_and_typed_when_somebody_knows_better() -> None:
    survey = make_survey()
    make_mails(survey, sent=10, lags=[0] * 9)

    assumed = expect(survey, zone=ZONE, now=NOW)
    typed = expect(survey, zone=ZONE, now=NOW, typed=7.5)

    assert (assumed.rate, assumed.curve, assumed.is_measured) == (20.0, ASSUMED_CURVE, False)
    assert (typed.rate, typed.is_typed) == (7.5, True)
