"""Answers that are not counted have tallies too, and those say what the answers say."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.models import DailyTally, Response
from responses.recording import record_response
from responses.reports import left_out
from responses.reports.counting import count_responses
from responses.reports.left_out import count_left_out
from responses.selection import Selection
from responses.tallies import advance_survey
from responses.tally_check import find_differences
from surveys.filtering import PropertyFilter
from surveys.models import Invitation, Property, Survey
from tests.factories import (
    make_invitation,
    make_organisation,
    make_property,
    make_response,
    make_survey,
)
from tests.properties import cases

ZONE = ZoneInfo("Europe/Amsterdam")
NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked() -> Invitation:
    make_organisation()
    make_property(key="region", is_segment=True)
    return make_invitation(state="sent", sent_at=NOW - 20 * DAY)


def select(survey: Survey, **fields: Any) -> Selection:
    return Selection(zone=ZONE, survey=survey, **fields)


def say(asked: Invitation, score: int, *, days_ago: int, sign: str = "") -> Response:
    return record_response(
        asked, score=score, comment="", language="nl", now=NOW - days_ago * DAY,
        automatic_reason=sign,
    )  # fmt: skip


def count_live(selection: Selection) -> dict[str, int]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(left_out, "find_slice", lambda _selection: None)
        return count_left_out(selection)


def test_settled_days_are_read_from_tallies_and_newer_ones_from_answers(asked: Invitation) -> None:
    survey = asked.campaign.survey
    for days_ago in (10, 0):
        make_response(
            survey=survey, channel="import", status="excluded", answered_at=NOW - days_ago * DAY
        )
    advance_survey(survey, now=NOW)
    DailyTally.objects.filter(sheet__dimension="left_out:").update(n9=1000)

    assert count_left_out(select(survey)) == {"excluded": 1001}
    assert count_responses(select(survey)).counts.n == 0


def test_person_who_answers_long_after_a_scanner_leaves_its_day(asked: Invitation) -> None:
    survey = asked.campaign.survey
    say(asked, 0, days_ago=15, sign="too_fast")
    advance_survey(survey, now=NOW)
    assert count_left_out(select(survey)) == {"provisional": 1}

    say(asked, 9, days_ago=0)

    assert count_left_out(select(survey)) == {}
    assert count_responses(select(survey)).counts.n == 1
    assert list(find_differences(survey)) == []


def test_scanner_that_comes_again_moves_what_it_said(asked: Invitation) -> None:
    survey = asked.campaign.survey
    say(asked, 0, days_ago=15, sign="too_fast")
    advance_survey(survey, now=NOW)

    say(asked, 5, days_ago=0, sign="too_fast")

    today = NOW.date()
    assert count_left_out(select(survey, last=today - DAY)) == {}
    assert count_left_out(select(survey, first=today)) == {"provisional": 1}
    assert list(find_differences(survey)) == []


answers = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from(["counted", "excluded", "provisional"]),
        st.sampled_from(["", "Noord", "Zuid:West"]),
        st.integers(0, 10),
    ),
    max_size=15,
)
narrowings = st.sampled_from(
    [
        {},
        {"channel": "import"},
        {"channel": "mail"},
        {"filters": (PropertyFilter("region", values=("Zuid:West",)),)},
        {"category": "detractor"},
        {"score": 9},
        {"status": "excluded"},
        {"status": "counted"},
        {"first": (NOW - 7 * DAY).date(), "last": (NOW - 2 * DAY).date()},
    ]
)


@given(rows=answers, narrow=narrowings)
@cases(40)
def test_tallies_and_answers_agree(
    rows: list[tuple[int, str, str, int]], narrow: dict[str, Any]
) -> None:
    make_organisation()
    Property.objects.get_or_create(key="region", defaults={"is_segment": True})
    survey = make_survey()
    for days_ago, status, region, score in rows:
        make_response(
            survey=survey, channel="import", status=status, score=score,
            answered_at=NOW - days_ago * DAY, properties={"region": region} if region else {},
        )  # fmt: skip
    advance_survey(survey, now=NOW)

    selection = select(survey, **narrow)

    assert count_left_out(selection) == count_live(selection)
    assert list(find_differences(survey)) == []
