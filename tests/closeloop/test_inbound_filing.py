"""Mail that came in: written down once, in the timeline it belongs to."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from closeloop.conversation import find_thread
from closeloop.models import Activity, FollowUp, ReceivedMail
from closeloop.receiving import filing
from closeloop.receiving.filing import file_mails
from closeloop.reply_address import make_reply_address
from closeloop.replying import send_reply
from npsapp.models import User
from surveys.models import Mail
from surveys.sending.compose import compose_mail, message_id
from tests.closeloop.received_mail import (
    HOUR,
    MAILGUN,
    POSTMARK,
    bring,
    deliver,
    mailgun_mail,
    make_answered,
    postmark_mail,
)
from tests.factories import (
    make_follow_up,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("inbound_services"),
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid"),
]


# Once


def test_mail_that_is_posted_three_times_is_one_entry(sanne: User) -> None:
    follow_up = make_answered(sanne)
    to = make_reply_address(follow_up.pk)

    deliver(POSTMARK, postmark_mail(to=to))
    file_mails(now=timezone.now())
    deliver(POSTMARK, postmark_mail(to=to, MessageID="another-try"))
    deliver(MAILGUN, mailgun_mail(to=to, subject="Re: Hoe was het?"), form=True)
    deliver(MAILGUN, mailgun_mail(to=to, token="u" * 50), form=True)
    file_mails(now=timezone.now())

    # Two services told of a mail with two subjects: those are two, each of them once.
    assert follow_up.activities.filter(kind="received").count() == 2
    assert Mail.objects.filter(dedupe_key__startswith="answered:").count() == 1


def test_two_mails_without_message_id_are_two(sanne: User) -> None:
    follow_up = make_answered(sanne)
    for number in ("1", "2", "2"):
        bring(follow_up, headers={"Message-ID": ""}, MessageID=number)

    assert follow_up.activities.filter(kind="received").count() == 2


def test_mail_that_cannot_be_filed_keeps_no_other_waiting(
    sanne: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_answered(sanne), make_follow_up()
    deliver(POSTMARK, postmark_mail(to=make_reply_address(first.pk)))
    deliver(POSTMARK, postmark_mail(to=make_reply_address(second.pk)))
    real = filing._put

    def stumble(mail: ReceivedMail, pk: int, **rest: Any) -> Activity:
        if pk == first.pk:
            raise ValueError
        return real(mail, pk, **rest)

    monkeypatch.setattr(filing, "_put", stumble)
    file_mails(now=timezone.now())
    monkeypatch.undo()

    states = ReceivedMail.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["new", "filed"]
    file_mails(now=timezone.now() + HOUR)
    assert list(states.all()) == ["filed", "filed"]


# To which follow-up


def test_forged_address_belongs_nowhere(sanne: User) -> None:
    follow_up = make_answered(sanne)
    forged = f"reply+{follow_up.pk}-{'a' * 26}@in.voorbeeld.example"

    deliver(POSTMARK, postmark_mail(to=forged))
    file_mails(now=timezone.now())

    assert ReceivedMail.objects.get().state == "stray"
    assert not follow_up.activities.filter(kind="received").exists()


@pytest.mark.parametrize("header", ["In-Reply-To", "References"])
def test_mail_to_any_address_is_found_by_what_it_answers(sanne: User, header: str) -> None:
    follow_up = make_answered(sanne)
    asked = follow_up.response.invitation
    assert asked is not None
    headers = {header: f"<x@elders.example> {message_id(asked)}"}

    deliver(POSTMARK, postmark_mail(to="hallo@in.voorbeeld.example", headers=headers))
    file_mails(now=timezone.now())

    assert follow_up.activities.filter(kind="received").count() == 1


def test_mail_is_found_by_the_id_that_the_service_gave_our_reply(sanne: User) -> None:
    follow_up = make_answered(sanne)
    reply = {"subject": "Re", "text": "Excuus.", "user": sanne, "version": 1}
    send_reply(follow_up, now=timezone.now(), **reply)  # type: ignore[arg-type]
    Mail.objects.filter(kind="reply").update(provider_id="0100018-abc")
    headers = {"In-Reply-To": "<0100018-abc@eu-west-1.service.example>"}

    deliver(POSTMARK, postmark_mail(to="hallo@in.voorbeeld.example", headers=headers))
    file_mails(now=timezone.now())

    assert follow_up.activities.filter(kind="received").count() == 1


def test_empty_ids_match_nothing(sanne: User) -> None:
    make_answered(sanne)
    headers = {"In-Reply-To": "<@elders.example>"}

    deliver(POSTMARK, postmark_mail(to="hallo@in.voorbeeld.example", headers=headers))
    file_mails(now=timezone.now())

    assert ReceivedMail.objects.get().state == "stray"


def test_mail_of_an_erased_person_is_written_into_no_timeline(sanne: User) -> None:
    follow_up = make_answered(sanne)
    assert follow_up.response.contact is not None
    follow_up.response.contact.delete()

    assert bring(follow_up) is None
    assert ReceivedMail.objects.get().state == "stray"


# The conversation


def test_reply_carries_the_whole_conversation(sanne: User) -> None:
    follow_up = make_answered(sanne)
    asked = follow_up.response.invitation
    assert asked is not None
    words = {"subject": "Re", "user": sanne, "now": timezone.now()}
    send_reply(follow_up, text="Excuus.", version=1, **words)  # type: ignore[arg-type]
    bring(follow_up)
    version = FollowUp.objects.get(pk=follow_up.pk).version
    send_reply(follow_up, text="Graag gedaan.", version=version, **words)  # type: ignore[arg-type]

    first, second = Mail.objects.filter(kind="reply").order_by("pk")
    message = compose_mail(second).message()
    theirs = "<CAF7x@mail.klanten.example>"
    assert message["In-Reply-To"] == theirs
    assert message["References"].split() == [message_id(asked), message_id(first), theirs]
    assert make_reply_address(follow_up.pk) in message["Reply-To"]


def test_reply_refers_to_no_mail_of_a_machine(sanne: User) -> None:
    follow_up = make_answered(sanne)

    bring(follow_up, headers={"Auto-Submitted": "auto-replied"})

    asked = follow_up.response.invitation
    assert asked is not None
    assert find_thread(follow_up).references == message_id(asked)
