"""Mail that goes out by itself: only when turned on, once, and never instead of a person."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from closeloop.auto_replying import reply_automatically, set_automatic
from closeloop.closing import Closing, close
from closeloop.models import Activity, AutomaticReply, FollowUp, ReplyTemplate
from closeloop.noting import log_call
from closeloop.replying import send_reply
from closeloop.settling import settle_replies
from npsapp.models import User
from surveys.models import Mail
from surveys.sending.compose import compose_mail
from surveys.suppressing import suppress
from tests.closeloop.letters import make_template
from tests.factories import (
    make_contact,
    make_follow_up,
    make_invitation,
    make_organisation,
    make_response,
    make_sender,
    make_user,
)

pytestmark = pytest.mark.django_db
ON = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
ANSWERED = ON + dt.timedelta(hours=1)
DUE = ANSWERED + dt.timedelta(hours=24)


@pytest.fixture(autouse=True)
def manager() -> User:
    make_organisation(name="Voorbeeld")
    make_sender(lane="transactional")
    ReplyTemplate.objects.all().delete()
    return make_user(role="manager")


def turn_on(manager: User, *templates: ReplyTemplate, is_on: bool = True) -> AutomaticReply:
    return set_automatic(
        AutomaticReply(category="promoter"),
        is_on=is_on,
        hours=24,
        templates=templates or [make_template()],
        user=manager,
        now=ON,
    )


def make_answered(
    *, score: int = 9, at: dt.datetime = ANSWERED, language: str = "nl", **fields: Any
) -> FollowUp:
    contact = make_contact(first_name="Daan", email=f"daan{score}@klanten.example")
    response = make_response(
        invitation=make_invitation(contact=contact, state="sent", sent_at=at),
        score=score,
        language=language,
        answered_at=at,
        **fields,
    )
    return make_follow_up(response=response, now=at)


def test_nothing_leaves_unless_somebody_turned_it_on(manager: User) -> None:
    make_answered()
    turn_on(manager, is_on=False)

    assert reply_automatically(now=DUE) == 0


def test_automatic_reply_leaves_once_when_its_time_has_come(manager: User) -> None:
    follow_up = make_answered()
    turn_on(manager)

    early = reply_automatically(now=DUE - dt.timedelta(minutes=1))
    sent = [reply_automatically(now=DUE), reply_automatically(now=DUE + dt.timedelta(hours=1))]

    mail = Mail.objects.get()
    assert (early, sent) == (0, [1, 0])
    assert mail.text == (
        "Beste Daan,\n\nDank voor de 9.\n\nMet vriendelijke groet,\nVoorbeeld\n\n"
        "Dit bericht is automatisch verstuurd. Uw antwoord wordt ook door iemand van Voorbeeld "
        "gelezen.\n"
    )
    assert mail.dedupe_key == f"automatic:{follow_up.pk}"


def test_message_says_that_a_machine_wrote_it(manager: User) -> None:
    make_answered()
    turn_on(manager)
    reply_automatically(now=DUE)

    message = compose_mail(Mail.objects.get()).message()

    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"


def test_it_is_no_contact_by_a_person(manager: User, agent_client: Client) -> None:
    follow_up = make_answered()
    turn_on(manager)
    reply_automatically(now=DUE)
    Mail.objects.update(state="sent", sent_at=DUE)
    settle_replies(now=DUE)

    follow_up.refresh_from_db()
    assert (follow_up.state, follow_up.awaiting_contact) == ("open", True)
    assert follow_up.first_contacted_at is None
    html = agent_client.get(follow_up.get_absolute_url()).content.decode()
    assert '<span class="badge">Automatic</span>' in html


def test_automatic_reply_that_fails_changes_no_state(manager: User) -> None:
    follow_up = make_answered()
    turn_on(manager)
    reply_automatically(now=DUE)
    close_version = FollowUp.objects.get(pk=follow_up.pk).version
    close(follow_up, Closing("thanked"), user=manager, version=close_version, now=DUE)
    Mail.objects.update(state="failed")

    assert settle_replies(now=DUE) == 1
    follow_up.refresh_from_db()
    assert follow_up.is_closed
    assert not follow_up.activities.filter(kind="not_delivered").exists()


def contact_by_mail(follow_up: FollowUp, user: User) -> None:
    send_reply(follow_up, subject="Re", text="Dank", user=user, version=1, now=ANSWERED)


def contact_in_vain(follow_up: FollowUp, user: User) -> None:
    log_call(
        follow_up,
        outcome=Activity.CallOutcome.NO_ANSWER,
        text="",
        user=user,
        version=1,
        now=ANSWERED,
    )


def close_it(follow_up: FollowUp, user: User) -> None:
    close(follow_up, Closing("thanked"), user=user, version=1, now=ANSWERED)


def block(follow_up: FollowUp, user: User) -> None:
    assert follow_up.response.contact is not None
    suppress(follow_up.response.contact.address_hash, scope="all", reason="manual")


def erase(follow_up: FollowUp, user: User) -> None:
    assert follow_up.response.contact is not None
    follow_up.response.contact.delete()


@pytest.mark.parametrize("happen", [contact_by_mail, contact_in_vain, close_it, block, erase])
def test_whoever_needs_none_gets_none(manager: User, happen: Any) -> None:
    follow_up = make_answered()
    turn_on(manager)

    happen(follow_up, manager)

    assert reply_automatically(now=DUE) == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"may_contact": False},
        {"score": 8},
        {"at": ON - dt.timedelta(hours=1)},
        {"at": DUE - dt.timedelta(days=9)},
        {"language": "en"},
    ],
)
def test_whom_it_is_not_meant_for_gets_none(manager: User, fields: dict[str, Any]) -> None:
    make_answered(**fields)
    turn_on(manager)

    assert reply_automatically(now=DUE) == 0


def test_after_a_long_standstill_it_is_too_late(manager: User) -> None:
    make_answered()
    turn_on(manager)

    assert reply_automatically(now=DUE + dt.timedelta(days=8)) == 0


def test_whoever_speaks_another_language_keeps_nobody_waiting(manager: User) -> None:
    make_answered(score=10, language="en", at=ANSWERED - dt.timedelta(minutes=5))
    make_answered()
    turn_on(manager)

    assert reply_automatically(now=DUE) == 1


# The page


def send(client: Client, **fields: Any) -> Any:
    return client.post(reverse("automatic_reply", args=["promoter"]), {"hours": "24"} | fields)


def test_manager_turns_it_on_and_off(manager_client: Client) -> None:
    template = make_template()

    send(manager_client, is_on="on", templates=[template.pk], hours="12")
    reply = AutomaticReply.objects.get()
    on = (reply.is_on, reply.hours, list(reply.templates.all()), reply.on_since is not None)
    send(manager_client, templates=[template.pk])
    reply.refresh_from_db()

    assert on == (True, 12, [template], True)
    assert not reply.is_on


def test_saving_again_does_not_begin_anew(manager: User, manager_client: Client) -> None:
    reply = turn_on(manager)

    send(manager_client, is_on="on", templates=[reply.templates.get().pk], hours="12")

    reply.refresh_from_db()
    assert (reply.on_since, reply.hours) == (ON, 12)


@pytest.mark.parametrize("hours", ["0", "", "721", "x"])
def test_hours_must_make_sense(manager_client: Client, hours: str) -> None:
    assert send(manager_client, hours=hours).status_code == 422


def test_without_a_text_it_cannot_be_on(manager_client: Client) -> None:
    answer = send(manager_client, is_on="on")

    assert (answer.status_code, AutomaticReply.objects.count()) == (422, 0)


def test_two_texts_for_the_same_people_are_refused(manager_client: Client) -> None:
    pks = [make_template(name=name).pk for name in ("een", "twee")]

    answer = send(manager_client, is_on="on", templates=pks)

    assert answer.status_code == 422
    assert "are for the same people" in answer.content.decode()


def test_text_that_asks_for_words_cannot_go_out_by_itself(manager_client: Client) -> None:
    template = make_template(body="Beste,\n\n[Ga hierop in.]")

    answer = send(manager_client, is_on="on", templates=[template.pk])

    assert (answer.status_code, AutomaticReply.objects.count()) == (422, 0)


def test_text_in_use_cannot_be_changed_into_one_that_asks_for_words(
    manager: User, manager_client: Client
) -> None:
    template = turn_on(manager).templates.get()
    fields = {"name": "x", "category": "promoter", "language": "nl", "body": "[Ga hierop in.]"}

    answer = manager_client.post(template.get_absolute_url(), fields)

    assert answer.status_code == 422


def test_unknown_category_is_not_found(manager_client: Client) -> None:
    assert manager_client.get("/replies/automatic/everybody/").status_code == 404
