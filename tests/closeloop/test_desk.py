"""Drafts and presence: what lies on somebody's desk, and is nobody else's business."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from closeloop.drafting import find_drafts, save_draft
from closeloop.models import Draft, FollowUp, Presence
from closeloop.noting import add_note
from closeloop.presence import GONE, forget_gone, note_presence
from closeloop.tasks import return_snoozed
from npsapp.models import User
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


@pytest.fixture
def daan(db: None) -> FollowUp:
    make_organisation()
    make_sender(lane="transactional")
    contact = make_contact(first_name="Daan", email="daan@klanten.example")
    invitation = make_invitation(contact=contact, state="sent", sent_at=NOW)
    return make_follow_up(response=make_response(invitation=invitation, score=9, language="nl"))


def post(client: Client, name: str, follow_up: FollowUp, **values: Any) -> Any:
    return client.post(reverse(name, args=[follow_up.pk]), {"version": 1} | values)


def test_draft_is_kept_and_restored(agent_client: Client, agent: User, daan: FollowUp) -> None:
    words = {"kind": "reply", "subject": "Re: x", "text": "Beste Daan,\r\n\r\nIk ben nog "}
    kept = post(agent_client, "follow_up_draft", daan, **words)
    post(agent_client, "follow_up_draft", daan, kind="note", text="Eerst bellen")

    page = agent_client.get(daan.get_absolute_url())

    draft = Draft.objects.get(kind="reply")
    assert "Draft saved" in kept.content.decode()
    assert (draft.user, draft.text) == (agent, "Beste Daan,\n\nIk ben nog ")
    assert page.context["forms"]["reply"]["text"].value() == draft.text
    assert page.context["forms"]["note"]["text"].value() == "Eerst bellen"
    assert daan.activities.count() == 1


def test_draft_is_only_its_authors(agent_client: Client, daan: FollowUp) -> None:
    save_draft(
        daan, Draft.Kind.NOTE, subject="", text="Geheim", user=make_user(), version=1, now=NOW
    )

    page = agent_client.get(daan.get_absolute_url())

    assert page.context["drafts"] == {}
    assert "Geheim" not in page.content.decode()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("follow_up_reply", {"kind": "reply", "subject": "Re: x", "text": "Beste Daan, excuus."}),
        ("follow_up_note", {"kind": "note", "text": "Bel morgen"}),
    ],
)
def test_draft_is_gone_once_it_is_sent_even_if_the_browser_is_late(
    agent_client: Client, daan: FollowUp, name: str, values: dict[str, str]
) -> None:
    post(agent_client, "follow_up_draft", daan, **values)

    post(agent_client, name, daan, **values)
    gone = Draft.objects.count()
    post(agent_client, "follow_up_draft", daan, **values)

    assert (gone, Draft.objects.count(), daan.activities.count()) == (0, 0, 2)


def test_another_act_leaves_the_draft(agent_client: Client, daan: FollowUp) -> None:
    post(agent_client, "follow_up_draft", daan, kind="reply", text="Beste Daan, half")

    post(agent_client, "follow_up_call", daan, outcome="no_answer")

    assert Draft.objects.get().text == "Beste Daan, half"


def test_draft_that_is_emptied_is_none(agent_client: Client, daan: FollowUp) -> None:
    post(agent_client, "follow_up_draft", daan, kind="note", text="x")

    post(agent_client, "follow_up_draft", daan, kind="note", text="  ")

    assert Draft.objects.count() == 0


def test_discard_brings_the_greeting_back(agent_client: Client, agent: User) -> None:
    follow_up = make_follow_up()
    other = make_user()
    for user in (agent, other):
        save_draft(
            follow_up, Draft.Kind.REPLY, subject="", text="Weg", user=user, version=1, now=NOW
        )

    post(agent_client, "follow_up_draft_discard", follow_up, kind="reply")

    assert find_drafts(follow_up, user=agent) == {}
    assert list(find_drafts(follow_up, user=other)) == ["reply"]


@pytest.mark.parametrize(
    "values", [{"kind": "mail", "text": "x"}, {"kind": "note", "text": "x" * 9000}]
)
def test_draft_that_fits_nowhere_is_refused(
    agent_client: Client, daan: FollowUp, values: dict[str, str]
) -> None:
    assert post(agent_client, "follow_up_draft", daan, **values).status_code == 422
    assert Draft.objects.count() == 0


def test_refused_form_shows_what_was_sent_and_not_the_draft(
    agent_client: Client, daan: FollowUp
) -> None:
    post(agent_client, "follow_up_draft", daan, kind="reply", subject="Oud", text="Oud")

    page = post(agent_client, "follow_up_reply", daan, subject="", text="Nieuw")

    assert page.status_code == 422
    assert page.context["forms"]["reply"]["text"].value() == "Nieuw"


def test_presence_shows_the_others_with_what_they_do(
    agent_client: Client, agent: User, daan: FollowUp
) -> None:
    note_presence(daan, user=make_user(name="Tom Traag"), is_writing=True, now=timezone.now())
    note_presence(daan, user=make_user(name="Kees Klein"), is_writing=False, now=timezone.now())
    note_presence(
        make_follow_up(), user=make_user(name="Elders"), is_writing=True, now=timezone.now()
    )

    html = post(agent_client, "follow_up_presence", daan).content.decode()

    assert "Tom Traag is writing" in html
    assert "Kees Klein is looking" in html
    assert "Elders" not in html
    assert not Presence.objects.get(user=agent).is_writing


def test_who_left_is_seen_no_more_and_forgotten(agent: User, daan: FollowUp) -> None:
    tom = make_user()
    note_presence(daan, user=tom, is_writing=False, now=NOW)
    later = NOW + GONE

    assert note_presence(daan, user=agent, is_writing=False, now=later) == []
    assert (forget_gone(now=later), Presence.objects.get().user) == (1, agent)


def test_page_that_is_no_longer_true_says_so(agent_client: Client, daan: FollowUp) -> None:
    before = post(agent_client, "follow_up_presence", daan).content.decode()
    add_note(daan, text="Gebeld", user=make_user(name="Tom Traag"), version=1, now=NOW)

    after = post(agent_client, "follow_up_presence", daan, is_writing="on").content.decode()

    assert "meanwhile" not in before
    assert "Tom Traag changed this meanwhile: Note." in after
    assert Presence.objects.get().is_writing


def test_job_forgets_who_left(daan: FollowUp) -> None:
    note_presence(daan, user=make_user(), is_writing=False, now=NOW - dt.timedelta(hours=1))

    assert return_snoozed() == "returned 0, left 1"
    assert return_snoozed() == "returned 0, left 0"


@pytest.mark.parametrize("name", ["follow_up_draft", "follow_up_presence"])
def test_looking_never_writes(agent_client: Client, daan: FollowUp, name: str) -> None:
    assert agent_client.get(reverse(name, args=[daan.pk])).status_code == 405
    assert agent_client.get(daan.get_absolute_url()).status_code == 200
    assert (Draft.objects.count(), Presence.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "name", ["follow_up_draft", "follow_up_draft_discard", "follow_up_presence"]
)
def test_viewer_and_stranger_reach_no_desk(
    viewer_client: Client, agent_client: Client, daan: FollowUp, name: str
) -> None:
    assert post(viewer_client, name, daan, kind="note", text="x").status_code == 403
    assert agent_client.post(reverse(name, args=[987_654_321])).status_code == 404
    assert (Draft.objects.count(), Presence.objects.count()) == (0, 0)
