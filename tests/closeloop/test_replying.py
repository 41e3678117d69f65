"""Replies: one mail through the engine, threaded, and an honest word on what became of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from closeloop.changing import AlreadyDone, StaleVersion
from closeloop.closing import Closing, Unfinished
from closeloop.models import Activity, FollowUp, RootCause
from closeloop.noting import log_call
from closeloop.replying import CannotReply, draft_reply, send_reply
from closeloop.reports.timeline import describe_passage
from closeloop.settling import notice_returned, settle_replies
from npsapp.models import User
from surveys.models import Invitation, Mail
from surveys.sending.compose import compose_mail, message_id
from surveys.sending.queueing import NoSender
from surveys.tasks import send_due
from tests.factories import (
    make_contact,
    make_follow_up,
    make_invitation,
    make_member,
    make_organisation,
    make_response,
    make_sender,
    make_survey,
    make_user,
)

NOW = dt.datetime(2026, 11, 23, 14, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def sanne(db: None) -> User:
    make_organisation(name="Voorbeeld")
    make_sender(lane="transactional", reply_to="klanten@voorbeeld.example")
    return make_user(name="Sanne Snel")


def make_answered(*, score: int = 3, comment: str = "Te laat", **fields: Any) -> FollowUp:
    contact = make_contact(first_name="Daan", last_name="Duin", email="daan@klanten.example")
    response = make_response(
        invitation=make_invitation(contact=contact, state="sent", sent_at=NOW),
        score=score,
        comment=comment,
        language="nl",
        answered_at=NOW,
        **fields,
    )
    return make_follow_up(response=response, now=NOW)


def invitation_of(follow_up: FollowUp) -> Invitation:
    assert follow_up.response.invitation is not None
    return follow_up.response.invitation


def reply(follow_up: FollowUp, user: User, *, version: int = 1, **fields: Any) -> FollowUp:
    words: dict[str, Any] = {
        "subject": "Re: vraag",
        "text": "Beste Daan,\n\nExcuus.",
        "now": NOW,
    } | fields
    return send_reply(follow_up, user=user, version=version, **words)


def finish(mail: Mail, *, state: str, **fields: Any) -> None:
    Mail.objects.filter(pk=mail.pk).update(state=state, **fields)


def test_reply_is_queued_to_the_customer_under_the_mail_that_asked(sanne: User) -> None:
    follow_up = make_answered()

    reply(follow_up, sanne)

    mail = Mail.objects.get()
    assert (mail.to_email, mail.kind, mail.created_by) == ("daan@klanten.example", "reply", sanne)
    assert mail.in_reply_to == message_id(invitation_of(follow_up))


def test_reply_carries_closing_line_signature_and_the_answer(sanne: User) -> None:
    make_member(user=sanne, signature="Sanne van Voorbeeld\nKlantenservice")

    reply(make_answered(comment="Te laat\nen nat"), sanne)

    assert Mail.objects.get().text == (
        "Beste Daan,\n\nExcuus.\n\nMet vriendelijke groet,\n"
        "Sanne van Voorbeeld\nKlantenservice\n\n"
        "> Uw cijfer: 3\n> Te laat\n> en nat\n"
    )


def test_signature_that_brings_its_own_closing_gets_no_second_one(sanne: User) -> None:
    make_member(user=sanne, signature="Groeten,\nSanne")

    reply(make_answered(comment=""), sanne)

    assert Mail.objects.get().text == (
        "Beste Daan,\n\nExcuus.\n\nGroeten,\nSanne\n\n> Uw cijfer: 3\n"
    )


def test_reply_message_has_threading_headers_and_a_person_to_answer_to(sanne: User) -> None:
    follow_up = make_answered()
    reply(follow_up, sanne)

    message = compose_mail(Mail.objects.get()).message()

    asked = message_id(invitation_of(follow_up))
    assert (message["In-Reply-To"], message["References"]) == (asked, asked)
    assert message["Reply-To"] == "klanten@voorbeeld.example"
    assert "Auto-Submitted" not in message


def test_reply_comes_back_to_the_agent_when_there_is_no_shared_address(db: None) -> None:
    make_sender(lane="transactional", reply_to="")
    agent = make_user(email="sanne@voorbeeld.example")
    reply(make_answered(), agent)

    assert compose_mail(Mail.objects.get()).message()["Reply-To"] == "sanne@voorbeeld.example"


@pytest.mark.parametrize(
    ("language", "first_name", "greeting"),
    [
        ("nl", "Daan", "Beste Daan,\n\n"),
        ("en", "Daan", "Dear Daan,\n\n"),
        ("nl", "", "Goedendag,\n\n"),
    ],
)
def test_draft_greets_in_the_language_of_the_answer(
    sanne: User, language: str, first_name: str, greeting: str
) -> None:
    invitation = make_invitation(
        contact=make_contact(first_name=first_name, language="de"), state="sent"
    )
    follow_up = make_follow_up(response=make_response(invitation=invitation, language=language))

    assert draft_reply(follow_up, user=sanne).text == greeting


def test_draft_keeps_the_subject_of_the_thread(sanne: User) -> None:
    survey = make_survey(company="De Fietsenmaker")
    follow_up = make_follow_up(response=make_response(survey=survey, language="en"))

    subject = draft_reply(follow_up, user=sanne).subject

    assert subject == "Re: How likely are you to recommend De Fietsenmaker?"


def test_second_click_sends_no_second_mail(sanne: User) -> None:
    follow_up = make_answered()
    reply(follow_up, sanne)

    with pytest.raises(AlreadyDone):
        reply(follow_up, sanne)

    assert Mail.objects.count() == 1


def test_reply_from_an_older_version_sends_nothing(sanne: User) -> None:
    follow_up = make_answered()
    reply(follow_up, make_user())

    with pytest.raises(StaleVersion):
        reply(follow_up, sanne, text="Iets anders")

    assert Mail.objects.count() == 1


def test_send_and_close_does_both(sanne: User) -> None:
    follow_up = make_answered()

    reply(follow_up, sanne, closing=Closing("solved", RootCause.objects.first()))

    follow_up.refresh_from_db()
    kinds = list(follow_up.activities.values_list("kind", flat=True))
    assert (follow_up.state, follow_up.outcome) == ("closed", "solved")
    assert kinds == ["opened", "reply", "closed"]


def test_send_and_close_without_root_cause_does_neither(sanne: User) -> None:
    follow_up = make_answered(score=3)

    with pytest.raises(Unfinished):
        reply(follow_up, sanne, closing=Closing("solved"))

    follow_up.refresh_from_db()
    assert (Mail.objects.count(), follow_up.version) == (0, 1)


def test_person_who_wants_no_contact_is_not_written_to(sanne: User) -> None:
    with pytest.raises(CannotReply):
        reply(make_answered(may_contact=False), sanne)


def test_erased_person_is_not_written_to(sanne: User) -> None:
    follow_up = make_answered()
    assert follow_up.response.contact is not None
    follow_up.response.contact.delete()

    with pytest.raises(CannotReply):
        reply(FollowUp.objects.get(pk=follow_up.pk), sanne)


def test_reply_without_a_sender_changes_nothing(db: None) -> None:
    follow_up = make_answered()

    with pytest.raises(NoSender):
        reply(follow_up, make_user())

    follow_up.refresh_from_db()
    assert (follow_up.state, follow_up.awaiting_contact) == ("open", True)


# What becomes of it


def test_contact_counts_from_when_the_server_took_the_mail(sanne: User) -> None:
    follow_up = reply(make_answered(), sanne)
    assert (follow_up.awaiting_contact, follow_up.first_contacted_at) == (False, None)

    finish(Mail.objects.get(), state="sent", sent_at=NOW + HOUR)
    settle_replies(now=NOW + 2 * HOUR)

    follow_up.refresh_from_db()
    assert follow_up.first_contacted_at == NOW + HOUR


@pytest.mark.parametrize("state", ["failed", "skipped"])
def test_reply_that_failed_brings_a_closed_follow_up_back(sanne: User, state: str) -> None:
    follow_up = make_answered(score=9)
    due = follow_up.due_at
    reply(follow_up, sanne, closing=Closing("thanked"))

    finish(Mail.objects.get(), state=state)
    assert settle_replies(now=NOW + HOUR) == 1
    assert settle_replies(now=NOW + 2 * HOUR) == 0

    follow_up.refresh_from_db()
    assert (follow_up.state, follow_up.awaiting_contact) == ("open", True)
    assert (follow_up.due_at, follow_up.first_contacted_at) == (due, None)
    assert follow_up.activities.filter(kind="not_delivered").count() == 1


@pytest.mark.parametrize("status", ["bounced", "blocked"])
def test_reply_that_is_returned_later_brings_a_closed_follow_up_back(
    sanne: User, status: str
) -> None:
    follow_up = make_answered(score=9)
    reply(follow_up, sanne, closing=Closing("thanked"))
    finish(Mail.objects.get(), state="sent", sent_at=NOW)
    settle_replies(now=NOW)
    before = notice_returned(now=NOW)

    finish(Mail.objects.get(), state="sent", delivery_status=status)
    after = [notice_returned(now=NOW + HOUR), notice_returned(now=NOW + 2 * HOUR)]

    follow_up.refresh_from_db()
    assert (before, after) == (0, [1, 0])
    assert (follow_up.state, follow_up.awaiting_contact) == ("open", True)
    assert follow_up.activities.filter(kind="not_delivered").count() == 1


@pytest.mark.parametrize("called", [True, False])
def test_returned_reply_was_no_first_contact(sanne: User, called: bool) -> None:
    follow_up = reply(make_answered(score=9), sanne)
    finish(Mail.objects.get(), state="sent", sent_at=NOW)
    settle_replies(now=NOW)
    if called:
        reached = Activity.CallOutcome.REACHED
        log_call(follow_up, outcome=reached, text="", user=sanne, version=2, now=NOW + HOUR)

    finish(Mail.objects.get(), state="sent", delivery_status="bounced")
    notice_returned(now=NOW + 2 * HOUR)

    follow_up.refresh_from_db()
    contacted = (follow_up.awaiting_contact, follow_up.first_contacted_at)
    assert contacted == ((False, NOW + HOUR) if called else (True, None))


def test_returned_reply_leaves_an_earlier_contact(sanne: User) -> None:
    reached = Activity.CallOutcome.REACHED
    follow_up = make_answered(score=9)
    log_call(follow_up, outcome=reached, text="", user=sanne, version=1, now=NOW - HOUR)
    reply(follow_up, sanne, version=2)
    finish(Mail.objects.get(), state="sent", sent_at=NOW)
    settle_replies(now=NOW)

    finish(Mail.objects.get(), state="sent", delivery_status="bounced")
    notice_returned(now=NOW + HOUR)

    follow_up.refresh_from_db()
    assert follow_up.first_contacted_at == NOW - HOUR


def test_reply_that_is_delayed_or_delivered_is_no_failure(sanne: User) -> None:
    reply(make_answered(score=9), sanne)
    finish(Mail.objects.get(), state="sent", sent_at=NOW, delivery_status="delivered")
    settle_replies(now=NOW)

    assert notice_returned(now=NOW) == 0


def test_failure_after_a_later_contact_changes_no_state(sanne: User) -> None:
    follow_up = make_answered(score=9)
    reply(follow_up, sanne)
    reply(follow_up, sanne, version=2, text="Nog eens", closing=Closing("thanked"))
    first, second = Mail.objects.order_by("pk")

    finish(first, state="failed")
    finish(second, state="sent", sent_at=NOW)
    settle_replies(now=NOW + HOUR)

    follow_up.refresh_from_db()
    assert (follow_up.state, follow_up.awaiting_contact) == ("closed", False)


def test_doubtful_reply_waits_for_a_person_to_settle_it(sanne: User) -> None:
    follow_up = reply(make_answered(), sanne)

    finish(Mail.objects.get(), state="unknown")
    assert settle_replies(now=NOW) == 0

    follow_up.refresh_from_db()
    assert (follow_up.awaiting_contact, follow_up.first_contacted_at) == (False, None)


@pytest.mark.parametrize(
    ("fields", "text", "tone"),
    [
        ({"state": "scheduled"}, "On its way", "waiting"),
        ({"state": "sending"}, "On its way", "waiting"),
        ({"state": "sent"}, "Sent", "good"),
        ({"state": "sent", "delivery_status": "bounced"}, "Bounced", "bad"),
        ({"state": "failed", "detail": "550 no such user"}, "Not sent", "bad"),
        ({"state": "skipped", "reason": "suppressed"}, "Not sent", "bad"),
        ({"state": "unknown"}, "Perhaps sent", "bad"),
    ],
)
def test_passage_says_how_far_a_mail_got(fields: dict[str, str], text: str, tone: str) -> None:
    passage = describe_passage(Mail(**fields))

    assert (passage.text, passage.tone) == (text, tone)


@pytest.mark.django_db(transaction=True)
def test_reply_leaves_through_the_engine_exactly_once(mailoutbox: list[EmailMessage]) -> None:
    make_sender(lane="transactional", reply_to="klanten@voorbeeld.example")
    follow_up = reply(make_answered(), make_user(), now=timezone.now())

    send_due()
    send_due()
    settle_replies(now=NOW)

    follow_up.refresh_from_db()
    assert [message.to for message in mailoutbox] == [['"Daan Duin" <daan@klanten.example>']]
    assert follow_up.first_contacted_at == Mail.objects.get().sent_at
