"""What is done on the page of a follow-up besides replying and closing, as a browser does it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from closeloop.models import FollowUp
from closeloop.noting import add_note
from tests.factories import (
    make_contact,
    make_follow_up,
    make_invitation,
    make_organisation,
    make_response,
    make_sender,
    make_user,
)

NOW = timezone.now()
ZONE = ZoneInfo("Europe/Amsterdam")


@pytest.fixture
def daan(db: None) -> FollowUp:
    make_organisation()
    make_sender(lane="transactional")
    contact = make_contact(first_name="Daan", email="daan@klanten.example")
    invitation = make_invitation(contact=contact, state="sent", sent_at=NOW)
    return make_follow_up(response=make_response(invitation=invitation, score=9))


def post(client: Client, name: str, follow_up: FollowUp, **values: Any) -> Any:
    values.setdefault("version", follow_up.version)
    return client.post(reverse(name, args=[follow_up.pk]), values)


def kinds(follow_up: FollowUp) -> list[str]:
    return list(follow_up.activities.values_list("kind", flat=True))


@pytest.mark.parametrize("act", ["reply", "note", "call", "gesture", "snooze", "close"])
def test_address_opens_an_act(agent_client: Client, daan: FollowUp, act: str) -> None:
    html = agent_client.get(f"{daan.get_absolute_url()}?act={act}").content.decode()

    assert re.findall(r'name="act" id="act-(\w+)" open', html) == [act]


def test_unknown_act_in_the_address_opens_the_usual_one(
    agent_client: Client, daan: FollowUp
) -> None:
    page = agent_client.get(f"{daan.get_absolute_url()}?act=delete")

    assert page.context["panel"] == "reply"


@pytest.mark.parametrize(
    ("cost", "kept"), [("12,50", "12.50"), ("€ 7", "7.00"), ("1.250,75", "1250.75"), ("0", "0.00")]
)
def test_gesture_takes_amounts_as_people_write_them(
    agent_client: Client, daan: FollowUp, cost: str, kept: str
) -> None:
    post(agent_client, "follow_up_gesture", daan, what="Taart", cost=cost)

    assert daan.activities.get(kind="gesture").details["cost"] == kept


def test_snooze_by_its_button_and_back_by_undo(agent_client: Client, daan: FollowUp) -> None:
    page = agent_client.post(
        reverse("follow_up_snooze", args=[daan.pk]), {"version": 1, "when": "reply"}, follow=True
    )
    daan.refresh_from_db()
    until = daan.snoozed_until
    post(agent_client, "follow_up_wake", daan, version=2)

    daan.refresh_from_db()
    assert until is not None
    assert dt.timedelta(days=20) < until - NOW <= dt.timedelta(days=30, minutes=5)
    assert reverse("follow_up_wake", args=[daan.pk]) in page.content.decode()
    assert (daan.snoozed_until, daan.returned_at) == (None, None)


def test_snooze_until_a_date_and_time_is_on_the_organisations_clock(
    agent_client: Client, daan: FollowUp
) -> None:
    day = (NOW + dt.timedelta(days=5)).date()

    post(agent_client, "follow_up_snooze", daan, when="at", at=f"{day}T10:30")

    daan.refresh_from_db()
    assert daan.snoozed_until is not None
    assert f"{daan.snoozed_until.astimezone(ZONE):%F %H:%M}" == f"{day} 10:30"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"when": "at", "at": ""}, "Choose a date and a time."),
        ({"when": "at", "at": "2020-01-01T10:00"}, "Choose a moment from now on"),
        ({"when": "at", "at": "2099-01-01T10:00"}, "Choose a moment from now on"),
        ({"when": "never"}, "Select a valid choice"),
    ],
)
def test_snooze_without_a_sensible_end_says_so(
    agent_client: Client, daan: FollowUp, values: dict[str, str], words: str
) -> None:
    response = post(agent_client, "follow_up_snooze", daan, **values)

    daan.refresh_from_db()
    assert (response.status_code, daan.snoozed_until) == (422, None)
    assert words in response.content.decode()


def test_monday_is_offered_once_when_it_is_tomorrow(agent_client: Client, daan: FollowUp) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC), tick=False):
        page = agent_client.get(daan.get_absolute_url())

    offers = page.context["forms"]["snooze"].offers()
    assert [value for value, _, _ in offers] == ["tomorrow", "week", "reply"]


def test_tags_are_chosen_and_new_words_added(agent_client: Client, daan: FollowUp) -> None:
    post(agent_client, "follow_up_tag", daan, new_tags="koerier, doos kapot")
    post(agent_client, "follow_up_tag", daan, version=2, tags=["koerier"], new_tags="Beloofd")

    assert [str(tag) for tag in daan.tags.all()] == ["Beloofd", "koerier"]


def test_nine_tags_are_refused(agent_client: Client, daan: FollowUp) -> None:
    response = post(agent_client, "follow_up_tag", daan, new_tags="a,b,c,d,e,f,g,h,i")

    assert (response.status_code, daan.tags.count()) == (422, 0)
    assert "eight tags at most" in response.content.decode()


@pytest.mark.parametrize("act", ["follow_up_tag", "follow_up_close"])
@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("x" * 60, "A tag has 40 characters at most."),
        ("a\0b", "Null characters are not allowed."),
    ],
)
def test_chosen_tag_that_cannot_be_kept_is_refused(
    agent_client: Client, daan: FollowUp, act: str, word: str, error: str
) -> None:
    response = post(agent_client, act, daan, outcome="thanked", tags=["koerier", word])

    daan.refresh_from_db()
    assert (response.status_code, response.context["failed"].errors["tags"]) == (422, [error])
    assert error in response.content.decode()
    assert (daan.state, daan.version, daan.tags.count()) == ("open", 1, 0)


def test_closing_tags_it_and_can_still_be_undone(agent_client: Client, daan: FollowUp) -> None:
    post(agent_client, "follow_up_close", daan, outcome="thanked", new_tags="fan")
    daan.refresh_from_db()
    closed = (daan.state, kinds(daan))

    post(agent_client, "follow_up_unclose", daan, version=daan.version)

    daan.refresh_from_db()
    assert closed == ("closed", ["opened", "tagged", "closed"])
    assert (daan.state, [str(tag) for tag in daan.tags.all()]) == ("open", ["fan"])


def test_note_is_shown_with_whom_it_is_meant_for(agent_client: Client, daan: FollowUp) -> None:
    tom = make_user(name="Tom Traag")

    post(agent_client, "follow_up_note", daan, text="Kijk eens", tell=[tom.pk])

    assert "Shown to Tom Traag" in agent_client.get(daan.get_absolute_url()).content.decode()


def test_second_saver_keeps_every_word_of_every_act(agent_client: Client, daan: FollowUp) -> None:
    tom = make_user(name="Tom Traag")
    add_note(daan, text="Al gebeld", user=tom, version=1, now=NOW)

    note = post(agent_client, "follow_up_note", daan, text="Mijn woorden", tell=[tom.pk])
    tags = post(agent_client, "follow_up_tag", daan, new_tags="koerier")
    own = post(agent_client, "follow_up_snooze", daan, when="at", at="2027-01-04T10:30")

    forms = [page.context["forms"] for page in (note, tags, own)]
    assert forms[0]["note"]["text"].value() == "Mijn woorden"
    assert forms[0]["note"]["tell"].value() == [str(tom.pk)]
    assert forms[1]["tag"]["new_tags"].value() == "koerier"
    assert forms[2]["snooze"]["at"].value() == "2027-01-04T10:30"
