"""The response rate over many days is what the invitations say, whatever stands in tallies."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.judging import exclude_response
from responses.models import Response, SentTally
from responses.recording import record_response
from responses.reports import response_rate
from responses.reports.response_rate import ResponseRate, count_invited
from responses.selection import Selection
from responses.sent_tallies import advance_sent, mend_sent
from responses.tallies import advance_survey
from responses.tally_check import find_differences
from surveys.models import Campaign, Invitation, Survey
from tests.factories import (
    make_campaign,
    make_invitation,
    make_organisation,
    make_survey,
    make_user,
)
from tests.properties import cases

ZONE = ZoneInfo("Europe/Amsterdam")
NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)

pytestmark = pytest.mark.django_db


def ask(campaign: Campaign, days_ago: float, **fields: Any) -> Invitation:
    return make_invitation(
        campaign=campaign, **{"state": "sent", "sent_at": NOW - days_ago * DAY} | fields
    )


def answer(invitation: Invitation, days_ago: float, **fields: Any) -> Response:
    response = record_response(
        invitation, score=9, comment="", language="nl", now=NOW - days_ago * DAY
    )
    if fields:
        Response.objects.filter(pk=response.pk).update(**fields)
    return response


def tally(survey: Survey, now: dt.datetime = NOW) -> None:
    advance_survey(survey, now=now)
    advance_sent(survey, now=now)


def count_live(selection: Selection, monkeypatch: pytest.MonkeyPatch) -> ResponseRate:
    with monkeypatch.context() as patched:
        patched.setattr(response_rate, "is_tallied", lambda _selection: False)
        return count_invited(selection)


@pytest.fixture
def campaign() -> Campaign:
    make_organisation()
    return make_campaign()


def test_settled_sending_is_read_from_tallies(campaign: Campaign) -> None:
    for days_ago in (40, 40, 20, 1):
        ask(campaign, days_ago)
    tally(campaign.survey)
    SentTally.objects.filter(n=2).update(n=1000)

    assert count_invited(Selection(zone=ZONE, survey=campaign.survey)).sent == 1002


def test_late_answer_and_its_exclusion_change_the_rate(campaign: Campaign) -> None:
    late = ask(campaign, 60)
    ask(campaign, 60)
    tally(campaign.survey)
    selection = Selection(zone=ZONE, survey=campaign.survey, last=(NOW - 50 * DAY).date())

    response = answer(late, 0)
    assert count_invited(selection) == ResponseRate(2, 0, 1, 0)

    tally(campaign.survey, NOW + 5 * DAY)
    exclude_response(response, user=make_user(), reason="Double", now=NOW + 5 * DAY)
    assert count_invited(selection) == ResponseRate(2, 0, 0, 1)
    assert list(find_differences(campaign.survey)) == []


def test_night_mends_what_was_settled_as_sent_long_after(campaign: Campaign) -> None:
    doubtful = ask(campaign, 60, state="unknown", sent_at=None)
    ask(campaign, 60)
    tally(campaign.survey)
    Invitation.objects.filter(pk=doubtful.pk).update(state="sent", sent_at=NOW - 60 * DAY)

    assert mend_sent(campaign.survey) == {(NOW - 60 * DAY).date()}
    assert mend_sent(campaign.survey) == set()
    assert count_invited(Selection(zone=ZONE, survey=campaign.survey)).sent == 2


asked = st.lists(
    st.tuples(
        st.integers(0, 39),
        st.sampled_from(["", "bounced"]),
        st.sampled_from([None, "counted", "excluded", "provisional"]),
        st.booleans(),
    ),
    max_size=12,
)


@given(rows=asked, first=st.integers(0, 45), length=st.integers(0, 45), by_campaign=st.booleans())
@cases(25)
def test_tallies_and_invitations_agree(
    rows: list[tuple[int, str, str | None, bool]], first: int, length: int, by_campaign: bool
) -> None:
    make_organisation()
    survey = make_survey(change_window_hours=0)
    campaigns = [make_campaign(survey=survey), make_campaign(survey=survey)]
    for days_ago, status, became, is_second in rows:
        invitation = ask(campaigns[is_second], days_ago, delivery_status=status)
        if became:
            answer(invitation, days_ago / 2, status=became)
    begin = NOW.date() - first * DAY
    selection = Selection(
        zone=ZONE,
        survey=survey,
        campaign=campaigns[0] if by_campaign else None,
        first=begin,
        last=begin + length * DAY,
    )
    monkeypatch = pytest.MonkeyPatch()
    meant = count_live(selection, monkeypatch)

    before = count_invited(selection)
    tally(survey)

    assert (before, count_invited(selection)) == (meant, meant)
