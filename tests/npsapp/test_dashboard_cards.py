"""The cards where there are very many answers: what is tallied, and what waits to be asked for."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from npsapp.models import User
from npsapp.pages.panels import asking, cards
from npsapp.pages.panels.cards import show_cards
from surveys.models import Invitation, Survey
from tests.factories import (
    make_campaign,
    make_contact,
    make_follow_up,
    make_invitation,
    make_organisation,
    make_property,
    make_response,
    make_survey,
)
from tests.npsapp.test_dashboard import read
from tests.npsapp.test_dashboard_headline import read_frame_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey() -> Survey:
    make_organisation(time_zone="UTC")
    return make_survey()


def fill_loop(survey: Survey, n: int) -> None:
    campaign = make_campaign(survey=survey)
    sent = timezone.now() - dt.timedelta(days=2)
    for _ in range(n):
        contact = make_contact(properties={"region": "Noord"})
        invitation = make_invitation(campaign=campaign, contact=contact, state="sent", sent_at=sent)
        Invitation.objects.filter(pk=invitation.pk).update(answered_at=sent)
        answer = make_response(
            survey=survey, invitation=invitation, contact=contact, answered_at=sent,
            properties={"region": "Noord"},
        )  # fmt: skip
        make_follow_up(response=answer, first_contacted_at=sent + dt.timedelta(hours=1))


def test_cards_of_very_many_answers_are_counted_for_those_who_ask(
    survey: Survey, manager: User, manager_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_property(key="region", is_segment=True)
    fill_loop(survey, 6)
    monkeypatch.setattr(asking, "COUNTED_AT_ONCE", 5)
    narrowed = {"property.region": "Noord"}

    waiting = show_cards(read_frame_of(survey, manager, narrowed))
    counted = show_cards(read_frame_of(survey, manager, narrowed | {"cards": "now"}))

    assert (waiting["rate"], waiting["wait"], waiting["loop"].n) == (None, None, 6)
    assert "cards=now" in waiting["ask_url"]
    assert (counted["rate"].answered, counted["ask_url"]) == (6, "")
    assert counted["wait"] is not None
    page = read(manager_client, "?property.region=Noord")
    assert "Response rate – Count now" in page
    assert "First contact, median – Count now" in page
    # Who was asked is tallied; of the waits nothing is.
    assert show_cards(read_frame_of(survey, manager, {}))["rate"].answered == 6
    shared = show_cards(read_frame_of(survey, None, narrowed))
    assert (shared["rate"], shared["ask_url"]) == (None, "")


def test_cards_of_too_many_follow_ups_send_to_the_page_about_the_loop(
    survey: Survey, manager_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_loop(survey, 6)
    monkeypatch.setattr(cards, "MOST_WAITS", 5)

    assert "First contact, median – Too many to measure here" in read(manager_client, "")
