"""Rounds held against each other."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from responses.differing import Verdict
from responses.models import Response
from responses.reports.rounds import compare_rounds
from surveys.models import Campaign
from tests.factories import make_campaign, make_invitation, make_organisation, make_survey

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def play(campaign: Campaign, *, promoters: int, detractors: int, silent: int = 0) -> None:
    now = timezone.now()
    for score in [10] * promoters + [0] * detractors + [None] * silent:
        answered = now if score is not None else None
        asked = make_invitation(campaign=campaign, state="sent", sent_at=now, answered_at=answered)
        if score is not None:
            Response.objects.create(
                invitation=asked, survey=campaign.survey, contact=asked.contact, score=score,
                scale_min=0, channel="mail", answered_at=now,
            )  # fmt: skip


@pytest.fixture
def series(db: None) -> list[Campaign]:
    make_organisation(time_zone="Europe/Amsterdam")
    survey = make_survey()
    first = make_campaign(survey=survey, name="Autumn", state="finished")
    second = make_campaign(survey=survey, name="Autumn (2)", previous=first, round=2)
    make_campaign(survey=survey, state="draft", previous=second, round=3)
    return [first, second]


def test_rounds_stand_in_order_whichever_is_looked_at(series: list[Campaign]) -> None:
    first, second = series
    play(first, promoters=20, detractors=15, silent=5)
    play(second, promoters=35, detractors=0)
    # A reminder asks nobody new.
    asked = first.invitations.first()
    assert asked
    make_invitation(
        campaign=first, contact=asked.contact, first=asked, sequence=1, state="sent",
        sent_at=timezone.now(),
    )  # fmt: skip

    for campaign in series:
        rounds = compare_rounds(campaign, zone=AMSTERDAM)
        assert [each.campaign for each in rounds] == series
        assert [each.n for each in rounds] == [35, 35]
        assert [str(each.rate.percentage) for each in rounds] == ["87.5", "100.0"]
        assert rounds[0].difference is None
        assert rounds[1].difference is not None
        assert rounds[1].difference.verdict == Verdict.HIGHER


def test_campaign_without_other_rounds_has_no_table(db: None) -> None:
    make_organisation()

    assert compare_rounds(make_campaign(), zone=AMSTERDAM) == []


def test_rounds_of_different_surveys_are_not_compared(series: list[Campaign]) -> None:
    first, second = series
    Campaign.objects.filter(pk=second.pk).update(survey=make_survey(scale_min=1))

    _, other = compare_rounds(first, zone=AMSTERDAM)

    assert (other.difference, other.is_other_survey) == (None, True)


def test_table_on_the_page_leads_to_the_answers(
    manager_client: Client, series: list[Campaign]
) -> None:
    first, second = series
    play(first, promoters=20, detractors=15)
    play(second, promoters=35, detractors=0)

    page = manager_client.get(second.get_absolute_url()).content.decode()

    assert "+86: really higher" in page
    listed = compare_rounds(first, zone=AMSTERDAM)[0].rows_url
    assert listed.replace("&", "&amp;") in page
    rows = manager_client.get(listed)
    assert "35" in rows.content.decode()
