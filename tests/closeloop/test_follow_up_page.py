"""The page of one follow-up and its buttons, as a browser uses them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from closeloop.assigning import take
from closeloop.models import Activity, FollowUp, RootCause
from closeloop.noting import add_note
from npsapp.models import User
from responses.models import Response
from surveys.models import Contact, Invitation, Mail, Property
from surveys.suppressing import suppress
from tests.factories import (
    make_account,
    make_campaign,
    make_contact,
    make_follow_up,
    make_invitation,
    make_organisation,
    make_response,
    make_sender,
    make_user,
)

NOW = timezone.now()
ACTIONS = {
    "follow_up_own": {},
    "follow_up_assign": {"to": ""},
    "follow_up_note": {"text": "Bel morgen"},
    "follow_up_call": {"outcome": "no_answer"},
    "follow_up_gesture": {"what": "Bos bloemen", "cost": "12,50"},
    "follow_up_snooze": {"when": "tomorrow"},
    "follow_up_tag": {"new_tags": "koerier"},
    "follow_up_reply": {"subject": "Re: vraag", "text": "Beste Daan,\r\n\r\nExcuus."},
    "follow_up_close": {"outcome": "thanked"},
    "follow_up_reopen": {},
}
# Session, user, organisation four times (clock, frame, signature, snooze), the rail, two for the
# banners; the follow-up, its tags, versions, activities, own drafts, two of history, three of the
# account, the next one, a block of the address, the signature, what is improved because of it; what
# there is to choose from: two lists of root causes, of tags, of colleagues and of texts to begin
# with; and the sender, whose address an answer goes to.
QUERIES = 32


@pytest.fixture
def daan(db: None) -> FollowUp:
    make_organisation()
    make_sender(lane="transactional")
    contact = make_contact(first_name="Daan", last_name="Duin", email="daan@klanten.example")
    invitation = make_invitation(contact=contact, state="sent", sent_at=NOW)
    response = make_response(
        invitation=invitation, score=9, comment="Snel & goed", language="nl", answered_at=NOW
    )
    return make_follow_up(response=response, now=NOW)


def post(client: Client, name: str, follow_up: FollowUp, **values: Any) -> Any:
    values.setdefault("version", follow_up.version)
    return client.post(reverse(name, args=[follow_up.pk]), values)


def fill_house(follow_up: FollowUp, rows: int) -> None:
    """So many lines, earlier answers, colleagues of the customer, tags and causes."""
    contact = follow_up.response.contact
    assert contact is not None
    contact.account = make_account()
    contact.save()
    for number in range(rows):
        add_note(follow_up, text="…", user=make_user(), version=number + 1, now=NOW)
        make_response(invitation=make_invitation(contact=contact, state="sent", sent_at=NOW))
        other = make_contact(account=contact.account)
        make_response(invitation=make_invitation(contact=other, state="sent", sent_at=NOW))
        make_invitation(contact=other, state="sent", sent_at=NOW)
        follow_up.tags.create(label=f"woord {number}")


def crowd_house(follow_up: FollowUp, rows: int) -> None:
    """So many other answers with an open follow-up, of colleagues of the customer."""
    contact, campaign = follow_up.response.contact, make_campaign()
    assert contact is not None
    people = Contact.objects.bulk_create(
        Contact(email=f"k{number}@klanten.example", account=contact.account)
        for number in range(rows)
    )
    asked = Invitation.objects.bulk_create(
        Invitation(campaign=campaign, contact=person, state="sent", sent_at=NOW)
        for person in people
    )
    answers = Response.objects.bulk_create(
        Response(
            invitation=invitation,
            survey=campaign.survey,
            contact=person,
            scale_min=0,
            score=3,
            channel="mail",
            answered_at=NOW,
        )
        for invitation, person in zip(asked, people, strict=True)
    )
    FollowUp.objects.bulk_create(
        FollowUp(response=answer, opened_at=NOW, due_at=NOW, known_score=3, answer_seen_at=NOW)
        for answer in answers
    )


def kinds(follow_up: FollowUp) -> list[str]:
    return list(follow_up.activities.values_list("kind", flat=True))


def test_page_shows_answer_person_and_greeting(agent_client: Client, daan: FollowUp) -> None:
    html = agent_client.get(daan.get_absolute_url()).content.decode()

    assert "Snel &amp; goed" in html
    assert "daan@klanten.example" in html
    assert "Beste Daan," in html


def test_page_shows_what_was_said_and_asked_before(agent_client: Client, daan: FollowUp) -> None:
    contact = daan.response.contact
    assert contact is not None
    month_ago = NOW - dt.timedelta(days=30)
    make_response(
        invitation=make_invitation(contact=contact, state="sent", sent_at=month_ago),
        score=4,
        comment="Toen niet",
        answered_at=month_ago,
    )
    make_invitation(contact=contact, state="sent", sent_at=month_ago - dt.timedelta(days=9))
    make_invitation(contact=contact, campaign=make_campaign())
    make_response(comment="Iemand anders")

    history = agent_client.get(daan.get_absolute_url()).context["history"]

    assert [(one.score, one.text) for one in history.before] == [
        (4, "Toen niet"),
        (None, "Asked, no answer"),
    ]
    assert history.since == []


def test_page_shows_what_was_said_since_apart(agent_client: Client, daan: FollowUp) -> None:
    contact, answered_at = daan.response.contact, daan.response.answered_at
    for number in range(10):
        at = answered_at + dt.timedelta(days=number + 1)
        invitation = make_invitation(contact=contact, state="sent", sent_at=at)
        make_response(invitation=invitation, score=number, answered_at=at)

    response = agent_client.get(daan.get_absolute_url())

    history = response.context["history"]
    assert history.before == []
    assert [one.score for one in history.since] == [7, 6, 5, 4, 3, 2, 1, 0]
    assert "Since then" in response.content.decode()
    assert "This is the first time this person was asked." in response.content.decode()


def test_page_shows_properties_as_they_were_at_the_answer(
    agent_client: Client, daan: FollowUp
) -> None:
    Property.objects.create(key="segment", label="Klantsoort")
    Response.objects.filter(pk=daan.response_id).update(properties={"segment": "Goud", "leeg": ""})

    properties = agent_client.get(daan.get_absolute_url()).context["properties"]

    assert properties == [("Klantsoort", "Goud")]


def test_blocked_address_is_told_before_anybody_writes(
    agent_client: Client, daan: FollowUp
) -> None:
    contact = daan.response.contact
    assert contact is not None
    suppress(contact.address_hash, scope="all", reason="bounced")

    response = agent_client.get(daan.get_absolute_url())
    sent = post(agent_client, "follow_up_reply", daan, **ACTIONS["follow_up_reply"])

    html = response.content.decode()
    assert "No mail leaves for this address" in html
    assert reverse("follow_up_reply", args=[daan.pk]) not in html
    assert response.context["panel"] == "call"
    assert (sent.status_code, Mail.objects.count()) == (422, 0)


def test_person_without_surveys_only_can_still_be_answered(
    agent_client: Client, daan: FollowUp
) -> None:
    contact = daan.response.contact
    assert contact is not None
    suppress(contact.address_hash, scope="surveys", reason="unsubscribed")

    response = agent_client.get(daan.get_absolute_url())

    assert reverse("follow_up_reply", args=[daan.pk]) in response.content.decode()


def test_page_leads_to_the_next_of_mine_then_to_nobodys(
    agent_client: Client, agent: User, daan: FollowUp
) -> None:
    make_follow_up(owner=make_user(), due_at=NOW - dt.timedelta(days=3))
    make_follow_up(due_at=NOW - dt.timedelta(days=2))
    later = make_follow_up(owner=agent, due_at=NOW + dt.timedelta(days=2))
    sooner = make_follow_up(owner=agent, due_at=NOW + dt.timedelta(days=1))

    assert agent_client.get(daan.get_absolute_url()).context["next"] == sooner
    assert agent_client.get(sooner.get_absolute_url()).context["next"] == later


def test_person_who_wants_no_contact_is_marked_and_cannot_be_mailed(
    agent_client: Client, daan: FollowUp
) -> None:
    Response.objects.filter(pk=daan.response_id).update(may_contact=False)

    html = agent_client.get(daan.get_absolute_url()).content.decode()
    sent = post(agent_client, "follow_up_reply", daan, **ACTIONS["follow_up_reply"])

    assert "asked not to be contacted" in html
    assert reverse("follow_up_reply", args=[daan.pk]) not in html
    assert (sent.status_code, Mail.objects.count()) == (422, 0)


def test_page_of_an_erased_person_still_opens(agent_client: Client, daan: FollowUp) -> None:
    assert daan.response.contact is not None
    daan.response.contact.delete()

    assert "Erased person" in agent_client.get(daan.get_absolute_url()).content.decode()


def test_take_says_who_was_first(agent_client: Client, daan: FollowUp) -> None:
    take(daan, user=make_user(name="Tom Traag"), version=1, now=NOW)

    page = agent_client.post(reverse("follow_up_own", args=[daan.pk]), {"version": 1}, follow=True)

    assert "Tom Traag took this follow-up just before you." in page.content.decode()
    daan.refresh_from_db()
    assert str(daan.owner) == "Tom Traag"


def test_take_gives_it_to_me(agent_client: Client, agent: User, daan: FollowUp) -> None:
    response = post(agent_client, "follow_up_own", daan)

    daan.refresh_from_db()
    assert (response.url, daan.owner) == (daan.get_absolute_url(), agent)


def test_assign_gives_it_to_a_colleague(agent_client: Client, daan: FollowUp) -> None:
    colleague = make_user()

    post(agent_client, "follow_up_assign", daan, to=colleague.pk)

    daan.refresh_from_db()
    assert daan.owner == colleague


def test_each_colleague_is_offered_once(agent_client: Client, agent: User) -> None:
    for _ in range(3):
        follow_up = make_follow_up(owner=agent)

    page = agent_client.get(follow_up.get_absolute_url()).content.decode()

    assert page.count(f'<option value="{agent.pk}"') == 1


def test_assign_to_a_viewer_is_refused(agent_client: Client, viewer: User, daan: FollowUp) -> None:
    assert post(agent_client, "follow_up_assign", daan, to=viewer.pk).status_code == 422


def test_note_and_call_stand_in_the_timeline(agent_client: Client, daan: FollowUp) -> None:
    post(agent_client, "follow_up_note", daan, text="Bel morgen")
    post(agent_client, "follow_up_call", daan, version=2, outcome="reached", text="Blij")

    timeline = agent_client.get(daan.get_absolute_url()).context["timeline"]
    assert [(entry.side, entry.text) for entry in timeline[-2:]] == [
        ("internal", "Bel morgen"),
        ("internal", "Blij"),
    ]


def test_reply_is_queued_and_shown_as_on_its_way(agent_client: Client, daan: FollowUp) -> None:
    response = post(agent_client, "follow_up_reply", daan, **ACTIONS["follow_up_reply"])

    html = agent_client.get(daan.get_absolute_url()).content.decode()
    assert response.status_code == 302
    assert Mail.objects.get().text.startswith("Beste Daan,\n\nExcuus.\n\n")
    assert "On its way" in html


def test_send_and_close_is_one_button(agent_client: Client, daan: FollowUp) -> None:
    values = ACTIONS["follow_up_reply"] | {"then": "close", "outcome": "thanked"}

    post(agent_client, "follow_up_reply", daan, **values)

    daan.refresh_from_db()
    assert (daan.outcome, Mail.objects.count()) == ("thanked", 1)


def test_send_and_close_without_outcome_sends_nothing_and_keeps_the_words(
    agent_client: Client, daan: FollowUp
) -> None:
    values = ACTIONS["follow_up_reply"] | {"then": "close"}

    response = post(agent_client, "follow_up_reply", daan, **values)

    assert (response.status_code, Mail.objects.count()) == (422, 0)
    assert "Excuus." in response.content.decode()
    assert "Choose what came of it." in response.content.decode()


def test_reply_of_a_greeting_alone_is_refused(agent_client: Client, daan: FollowUp) -> None:
    response = post(
        agent_client, "follow_up_reply", daan, subject="Re:", text="Beste Daan,\r\n\r\n"
    )

    assert (response.status_code, Mail.objects.count()) == (422, 0)


def test_reply_without_a_sender_says_so(agent_client: Client) -> None:
    follow_up = make_follow_up()

    response = post(agent_client, "follow_up_reply", follow_up, **ACTIONS["follow_up_reply"])

    assert response.status_code == 422
    assert "There is no sender for replies yet" in response.content.decode()


def test_close_of_a_detractor_needs_the_root_cause(agent_client: Client) -> None:
    follow_up = make_follow_up(score=3)
    cause = RootCause.objects.first()
    assert cause is not None

    without = post(agent_client, "follow_up_close", follow_up, outcome="solved")
    with_it = post(
        agent_client, "follow_up_close", follow_up, outcome="solved", root_cause=cause.pk
    )

    follow_up.refresh_from_db()
    assert (without.status_code, with_it.status_code) == (422, 302)
    assert follow_up.root_cause == cause


def test_root_cause_out_of_use_cannot_be_chosen(agent_client: Client) -> None:
    follow_up = make_follow_up(score=3)
    cause = RootCause.objects.create(label="Oud", is_active=False)

    response = post(
        agent_client, "follow_up_close", follow_up, outcome="solved", root_cause=cause.pk
    )

    assert response.status_code == 422


def test_reopen_brings_it_back(agent_client: Client, daan: FollowUp) -> None:
    post(agent_client, "follow_up_close", daan, outcome="thanked")

    post(agent_client, "follow_up_reopen", daan, version=2, text="Belde terug")

    daan.refresh_from_db()
    assert daan.state == "open"


def test_second_saver_sees_the_difference_and_loses_nothing(
    agent_client: Client, daan: FollowUp
) -> None:
    add_note(daan, text="Al gebeld", user=make_user(name="Tom Traag"), version=1, now=NOW)

    page = post(agent_client, "follow_up_reply", daan, **ACTIONS["follow_up_reply"])

    html = page.content.decode()
    assert (page.status_code, Mail.objects.count()) == (409, 0)
    assert [(entry.who, entry.text) for entry in page.context["meanwhile"]] == [
        ("Tom Traag", "Al gebeld")
    ]
    assert "Excuus." in html
    assert '<input type="hidden" name="version" value="2" id="reply_version">' in html


@pytest.mark.parametrize("name", [*ACTIONS])
def test_action_on_a_changed_follow_up_writes_nothing(
    agent_client: Client, daan: FollowUp, name: str
) -> None:
    add_note(daan, text="Eerst", user=make_user(), version=1, now=NOW)

    response = post(agent_client, name, daan, **ACTIONS[name])

    assert response.status_code == (302 if name == "follow_up_own" else 409)
    assert kinds(daan) == ["opened", "note"]


def test_double_click_writes_one_note(agent_client: Client, daan: FollowUp) -> None:
    post(agent_client, "follow_up_note", daan, text="Eén")
    second = post(agent_client, "follow_up_note", daan, text="Eén")

    assert second.status_code == 302
    assert kinds(daan) == ["opened", "note"]


@pytest.mark.parametrize("name", [name for name in ACTIONS if name != "follow_up_own"])
def test_action_without_its_version_is_invalid(
    agent_client: Client, daan: FollowUp, name: str
) -> None:
    response = post(agent_client, name, daan, **ACTIONS[name] | {"version": ""})

    assert response.status_code == 422
    assert kinds(daan) == ["opened"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("follow_up_note", {"text": "  "}),
        ("follow_up_call", {"outcome": ""}),
        ("follow_up_reply", {"subject": "", "text": "Hallo"}),
        ("follow_up_close", {"outcome": "made up"}),
        ("follow_up_assign", {"to": "987654321"}),
    ],
)
def test_invalid_input_shows_the_page_again(
    agent_client: Client, daan: FollowUp, name: str, values: dict[str, str]
) -> None:
    response = post(agent_client, name, daan, **values)

    assert response.status_code == 422
    assert kinds(daan) == ["opened"]


@pytest.mark.parametrize("name", ["follow_up", *ACTIONS])
def test_viewer_may_nothing(viewer_client: Client, daan: FollowUp, name: str) -> None:
    url = reverse(name, args=[daan.pk])
    response = viewer_client.get(url) if name == "follow_up" else viewer_client.post(url)

    assert response.status_code == 403
    assert kinds(daan) == ["opened"]


@pytest.mark.parametrize("name", ["follow_up", *ACTIONS])
def test_missing_follow_up_is_not_found(agent_client: Client, name: str) -> None:
    url = reverse(name, args=[987_654_321])
    response = agent_client.get(url) if name == "follow_up" else agent_client.post(url)

    assert response.status_code == 404


@pytest.mark.parametrize("name", [*ACTIONS])
def test_looking_never_acts(agent_client: Client, daan: FollowUp, name: str) -> None:
    response = agent_client.get(reverse(name, args=[daan.pk]))

    # A form that was refused is drawn at its own address, and may be reloaded there.
    if name == "follow_up_own":
        assert response.status_code == 405
    else:
        assert response.headers["Location"] == daan.get_absolute_url()
    assert kinds(daan) == ["opened"]


# What the person and the account are, and were


def test_page_shows_touchpoint_order_and_the_follow_up_before(
    agent_client: Client, daan: FollowUp
) -> None:
    answered = make_response(score=3, answered_at=NOW - dt.timedelta(days=90))
    earlier = make_follow_up(response=answered, state="closed", outcome="solved", closed_at=NOW)
    FollowUp.objects.filter(pk=daan.pk).update(previous=earlier)
    Invitation.objects.filter(response=daan.response).update(occasion="B-2041")

    page = agent_client.get(daan.get_absolute_url())

    html = page.content.decode()
    first = page.context["timeline"][0]
    assert (first.url, first.title) == (
        earlier.get_absolute_url(),
        "Earlier follow-up: 3, Detractor · Solved",
    )
    assert "B-2041" in html
    assert str(daan.response.survey.get_touchpoint_display()) in html


def test_page_shows_what_others_of_the_account_said_and_heard(
    agent_client: Client, daan: FollowUp
) -> None:
    account = make_account(name="Duin en Zoon")
    assert daan.response.contact is not None
    Contact.objects.filter(pk=daan.response.contact.pk).update(account=account)
    fleur, gijs = (
        make_contact(first_name=name, last_name="Duin", account=account)
        for name in ("Fleur", "Gijs")
    )
    answered = make_response(
        invitation=make_invitation(contact=fleur, state="sent", sent_at=NOW), score=2
    )
    make_follow_up(response=answered, state="closed", outcome="explained", closed_at=NOW)
    make_invitation(contact=gijs, state="sent", sent_at=NOW - dt.timedelta(days=9))
    make_response(comment="Van een ander bedrijf")

    neighbours = agent_client.get(daan.get_absolute_url()).context["neighbours"]

    assert neighbours.others == 2
    assert [(one.who, one.score, one.came_of_it) for one in neighbours.past] == [
        ("Fleur Duin", 2, "Explained"),
        ("Gijs Duin", None, ""),
    ]


def test_mail_of_the_customer_stands_on_their_side(agent_client: Client, daan: FollowUp) -> None:
    Activity.objects.create(
        follow_up=daan, kind="received", at=NOW, version=2, text="Dank", details={"subject": "Re"}
    )

    timeline = agent_client.get(daan.get_absolute_url()).context["timeline"]

    assert [(entry.side, entry.text) for entry in timeline if entry.title == "Re"] == [
        ("them", "Dank")
    ]


def test_page_reads_every_kind_of_line_even_without_its_details(
    agent_client: Client, daan: FollowUp
) -> None:
    details = {
        "to": None, "from": 8, "outcome": "solved", "cost": "12.50", "because": "",
        "until": NOW.isoformat(), "key": "Bel", "step": "Bel", "done": True,
    }  # fmt: skip
    for kind in Activity.Kind:
        Activity.objects.create(
            follow_up=daan, kind=kind, at=NOW, version=2, details=details | {"to_name": ""}
        )

    assert agent_client.get(daan.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_page_costs_the_same_queries_for_any_history(
    agent_client: Client,
    daan: FollowUp,
    rows: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    fill_house(daan, rows)

    with django_assert_num_queries(QUERIES):
        assert agent_client.get(daan.get_absolute_url()).status_code == 200


def test_page_costs_the_same_queries_among_ten_thousand(
    agent_client: Client, daan: FollowUp, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fill_house(daan, 3)
    crowd_house(daan, 10_000)

    with django_assert_num_queries(QUERIES):
        assert agent_client.get(daan.get_absolute_url()).status_code == 200
