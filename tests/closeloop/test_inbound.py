"""The customer's mail: through the door, written down once, into the right timeline."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterator
from email.parser import Parser
from email.policy import default
from typing import Any

import pytest
from anymail.inbound import AnymailInboundMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone

from closeloop.closing import Closing, close
from closeloop.conversation import find_thread
from closeloop.models import Activity, FollowUp, ReceivedMail
from closeloop.receiving import filing, noting
from closeloop.receiving.filing import file_mails, forget_discarded
from closeloop.reply_address import make_reply_address, read_reply_address
from closeloop.replying import send_reply
from npsapp.models import User
from surveys.models import Mail
from surveys.sending.compose import compose_mail, message_id
from tests.closeloop.received_mail import (
    MAILGUN,
    POSTMARK,
    SENDER,
    SENDGRID,
    SIGNING_KEY,
    TEXT,
    deliver,
    mailgun_mail,
    postmark_mail,
    postmark_photo,
    sendgrid_mail,
)
from tests.factories import (
    make_contact,
    make_follow_up,
    make_invitation,
    make_organisation,
    make_response,
    make_sender,
    make_test,
    make_user,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid"),
]
NEW = "Dank je wel, het pakket is er!\n\nGroet, Daan"
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def services() -> Iterator[None]:
    anymail = {
        "WEBHOOK_SECRET": ["old:secret-that-goes-away-soon", "nps:a-secret-that-is-long-enough"],
        "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY,
    }
    names = ["postmark", "mailgun", "sendgrid"]
    with override_settings(
        INBOUND_DOMAIN="in.voorbeeld.example", INBOUND_SERVICES=names, ANYMAIL=anymail
    ):
        yield


@pytest.fixture
def sanne() -> User:
    make_organisation(name="Voorbeeld")
    make_sender(lane="transactional")
    return make_user(name="Sanne Snel", email="sanne@voorbeeld.example", language="en")


def make_answered(owner: User, *, score: int = 9, **fields: Any) -> FollowUp:
    now = timezone.now() - HOUR
    contact = make_contact(first_name="Daan", last_name="Duin", email=SENDER)
    response = make_response(
        invitation=make_invitation(contact=contact, state="sent", sent_at=now),
        score=score, language="nl", answered_at=now,
    )  # fmt: skip
    return make_follow_up(response=response, now=now, owner=owner, **fields)


def bring(follow_up: FollowUp, **fields: Any) -> Activity | None:
    """Deliver a mail to the address of a follow-up and file it."""
    assert deliver(POSTMARK, postmark_mail(to=make_reply_address(follow_up.pk), **fields)) == 200
    file_mails(now=timezone.now())
    return Activity.objects.filter(follow_up=follow_up, kind="received").first()


# The address


def test_address_brings_back_its_own_follow_up_however_it_is_written() -> None:
    address = make_reply_address(4711)

    assert read_reply_address(["iemand@elders.example", f"Voorbeeld <{address.upper()}>"]) == 4711
    assert len(address.partition("@")[0]) <= 64


@pytest.mark.parametrize("change", [("4711", "4712"), ("4711-", "4711-a"), ("reply", "reply2")])
def test_address_that_was_changed_is_none_of_ours(change: tuple[str, str]) -> None:
    assert read_reply_address([make_reply_address(4711).replace(*change)]) is None


def test_address_signed_by_an_earlier_key_still_works(settings: Any) -> None:
    address = make_reply_address(4711)
    settings.LINK_SIGNING_KEY_FALLBACKS = [settings.LINK_SIGNING_KEY]
    settings.LINK_SIGNING_KEY = "another key that is long enough for it"

    assert read_reply_address([address]) == 4711
    assert make_reply_address(4711) != address


# The door


@pytest.mark.parametrize(
    ("path", "make", "form"),
    [
        (POSTMARK, postmark_mail, False),
        (MAILGUN, mailgun_mail, True),
        (SENDGRID, sendgrid_mail, True),
    ],
)
def test_mail_of_a_service_reaches_the_timeline(
    sanne: User, path: str, make: Any, form: bool
) -> None:
    follow_up = make_answered(sanne)

    status = deliver(path, make(to=make_reply_address(follow_up.pk)), form=form)
    file_mails(now=timezone.now())

    activity = follow_up.activities.get(kind="received")
    assert (status, activity.text) == (200, NEW)
    assert activity.received.text == TEXT.strip("\n")
    assert activity.received.history.startswith("Op ma 2 nov. 2026")
    assert (activity.received.from_name, activity.received.from_email) == ("Daan Duin", SENDER)
    assert activity.received.message_id == "<CAF7x@mail.klanten.example>"


@pytest.mark.parametrize("secret", ["", "nps:wrong", "nps:a-secret-that-is-long-enougH"])
def test_wrong_secret_is_refused_and_nothing_kept(secret: str) -> None:
    said = postmark_mail(to=make_reply_address(1))

    assert deliver(POSTMARK, said, secret=secret) == 403
    assert ReceivedMail.objects.count() == 0


def test_wrong_signature_is_refused(sanne: User) -> None:
    said = mailgun_mail(to=make_reply_address(1), signature="0" * 64)

    assert deliver(MAILGUN, said, form=True) == 400
    assert ReceivedMail.objects.count() == 0


@pytest.mark.parametrize("path", ["/anymail/brevo/inbound/", "/anymail/nothing/inbound/"])
def test_service_that_is_not_ours_finds_no_door(path: str) -> None:
    assert deliver(path, {}) == 404


def test_without_a_secret_there_is_no_door(settings: Any) -> None:
    settings.ANYMAIL = {}

    assert deliver(POSTMARK, postmark_mail(to="x@in.voorbeeld.example")) == 404


def test_get_is_refused_and_head_is_answered(client: Client) -> None:
    assert client.get(POSTMARK).status_code == 405
    assert client.head(POSTMARK).status_code == 200


@pytest.mark.parametrize("body", ["", "{", "[]", '{"FromFull": 3}', "\x00\xff"])
def test_what_is_no_mail_is_refused(body: str) -> None:
    assert deliver(POSTMARK, body) == 400
    assert ReceivedMail.objects.count() == 0


def test_huge_mail_is_refused(sanne: User) -> None:
    to = make_reply_address(make_answered(sanne).pk)
    said = postmark_mail(to=to, Attachments=[postmark_photo(size=9 * 1024 * 1024)])

    assert deliver(POSTMARK, said) == 413
    assert ReceivedMail.objects.count() == 0


def test_mail_larger_than_a_form_may_be_is_taken(sanne: User) -> None:
    photos = [postmark_photo("doos.jpg", 3_000_000), postmark_photo("bon.jpg", 1_000_000)]

    activity = bring(make_answered(sanne), Attachments=photos)

    assert activity is not None
    assert activity.received.attachments == [
        {"name": "doos.jpg", "type": "image/jpeg", "size": 3_000_000},
        {"name": "bon.jpg", "type": "image/jpeg", "size": 1_000_000},
    ]


def test_long_text_is_cut_and_says_so(sanne: User) -> None:
    activity = bring(make_answered(sanne), TextBody="woord " * 40_000)

    assert activity is not None
    assert (len(activity.received.text), activity.received.is_cut) == (100_000, True)


def test_mail_without_plain_text_is_read_from_its_html(sanne: User) -> None:
    html = "<style>p{}</style><p>Dank!</p><script>alert(1)</script><img src=x onerror=alert(1)>"

    activity = bring(make_answered(sanne), TextBody="", HtmlBody=html)

    assert activity is not None
    assert activity.text == "Dank!"


def test_signs_that_no_database_or_reader_takes_are_left_out(sanne: User) -> None:
    activity = bring(make_answered(sanne), TextBody="a\x00b\u202ec", Subject="x\x00\u2066y")

    assert activity is not None
    assert (activity.text, activity.received.subject) == ("abc", "xy")


@pytest.mark.parametrize("name", ["Message-ID", "In-Reply-To", "References", "X-Original-To"])
def test_zero_byte_in_a_header_keeps_no_mail_out(sanne: User, name: str) -> None:
    activity = bring(make_answered(sanne), headers={name: "<a\x00b@klanten.example>"})

    assert activity is not None
    mail = activity.received
    assert "\x00" not in f"{mail.message_id}{mail.answers}{mail.addressed_to}"


def test_zero_byte_in_the_kind_of_an_attachment_keeps_no_mail_out(sanne: User) -> None:
    photo = postmark_photo() | {"ContentType": "image/jp\x00eg"}

    activity = bring(make_answered(sanne), Attachments=[photo])

    assert activity is not None
    assert "\x00" not in str(activity.received.attachments[0]["type"])


def test_message_id_that_no_header_of_ours_may_hold_is_left_out(sanne: User) -> None:
    activity = bring(make_answered(sanne), headers={"Message-ID": "<caf\u00e9@klanten.example>"})

    assert activity is not None
    assert activity.received.message_id == ""


def test_mail_that_the_database_refuses_is_kept_reduced(
    sanne: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if something were forgotten that no database takes.
    monkeypatch.setattr(noting, "_UNREADABLE", re.compile("(?!)"))

    activity = bring(make_answered(sanne), TextBody="Dank\x00 je \u00e9", Subject="x\x00y")

    assert activity is not None
    assert (activity.text, activity.received.subject) == ("Dank? je ?", "x?y")


def test_long_header_takes_no_time() -> None:
    message = Parser(AnymailInboundMessage, policy=default).parsestr(
        f"From: {'=?utf-8?q?a?= ' * 20_000}\nTo: {'<a@b> ' * 20_000}\nX-Original-To: {'a' * 30_000}"
        "\n\nDank!"
    )
    began = time.perf_counter()

    mail = noting.read_mail(message, "postmark", now=timezone.now())

    assert time.perf_counter() - began < 5
    assert (mail.text, mail.addressed_to[:1]) == ("Dank!", ["a@b"])


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


# What it does to the follow-up


def test_closed_follow_up_is_reopened_with_the_reason_and_a_new_target(sanne: User) -> None:
    follow_up = make_answered(sanne)
    close(follow_up, Closing("thanked"), user=sanne, version=1, now=timezone.now())

    bring(follow_up)

    follow_up.refresh_from_db()
    kinds = list(follow_up.activities.values_list("kind", flat=True))
    assert (follow_up.state, follow_up.outcome, follow_up.awaiting_contact) == ("open", "", True)
    assert follow_up.due_at > timezone.now()
    assert kinds == ["opened", "closed", "received", "reopened"]
    assert follow_up.activities.get(kind="reopened").details == {"because": "customer_wrote"}


def test_snoozed_follow_up_returns(sanne: User) -> None:
    follow_up = make_answered(sanne, snoozed_until=timezone.now() + dt.timedelta(days=9))

    bring(follow_up)

    follow_up.refresh_from_db()
    assert follow_up.snoozed_until is None
    assert follow_up.returned_at is not None


def test_who_had_heard_from_us_waits_anew_and_who_waited_keeps_the_target(sanne: User) -> None:
    due = timezone.now() - dt.timedelta(days=9)
    heard = make_answered(sanne, due_at=due)
    reply = {"subject": "Re", "text": "Excuus.", "user": sanne, "version": 1}
    send_reply(heard, now=timezone.now(), **reply)  # type: ignore[arg-type]
    waiting = make_follow_up(score=2, due_at=due)

    bring(heard)
    bring(waiting)

    heard.refresh_from_db()
    assert (heard.awaiting_contact, heard.due_at > due) == (True, True)
    assert FollowUp.objects.get(pk=waiting.pk).due_at == due


def test_owner_is_told_once(sanne: User) -> None:
    follow_up = make_answered(sanne)

    bring(follow_up)
    bring(follow_up)

    notice = Mail.objects.get(dedupe_key__startswith="answered:")
    assert (notice.to_email, notice.subject) == ("sanne@voorbeeld.example", "Daan Duin wrote back")
    assert "het pakket is er!" in notice.text


def bring_number(follow_up: FollowUp, number: int, **fields: Any) -> Activity | None:
    bring(follow_up, headers={"Message-ID": f"<{number}@klanten.example>"}, **fields)
    return follow_up.activities.filter(kind="received").order_by("pk").last()


def test_owner_is_told_again_only_after_a_while(sanne: User) -> None:
    follow_up = make_answered(sanne)
    told = Mail.objects.filter(dedupe_key__startswith="answered:")

    bring_number(follow_up, 1)
    bring_number(follow_up, 2)
    assert told.count() == 1
    told.update(created_at=timezone.now() - dt.timedelta(minutes=11))
    bring_number(follow_up, 3)

    assert told.count() == 2


def test_long_mail_is_short_in_the_notice_and_folded_on_the_page(
    sanne: User, agent_client: Client
) -> None:
    follow_up = make_answered(sanne)

    bring(follow_up, TextBody="a" * 50_000)

    html = agent_client.get(follow_up.get_absolute_url()).content.decode()
    assert 1900 < Mail.objects.get(dedupe_key__startswith="answered:").text.count("a") < 2200
    assert f'<p class="talk-text">{"a" * 3999}…</p>' in html
    assert "<summary>The whole mail</summary>" in html


def test_flood_of_mails_is_kept_and_wakes_nobody(
    sanne: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "MOST_AN_HOUR", 2)
    follow_up = make_answered(sanne)
    first, second = bring_number(follow_up, 1), bring_number(follow_up, 2)
    fresh = FollowUp.objects.get(pk=follow_up.pk)
    close(fresh, Closing("thanked"), user=sanne, version=fresh.version, now=timezone.now())

    third = bring_number(follow_up, 3)

    assert [each.received.automatic for each in (first, second, third) if each] == ["", "", "bulk"]
    assert FollowUp.objects.get(pk=follow_up.pk).is_closed


def test_flood_is_over_after_an_hour(sanne: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "MOST_AN_HOUR", 1)
    follow_up = make_answered(sanne)
    bring_number(follow_up, 1)
    Activity.objects.filter(kind="received").update(at=timezone.now() - HOUR)

    activity = bring_number(follow_up, 2)

    assert activity is not None
    assert activity.received.automatic == ""


@pytest.mark.parametrize(
    ("fields", "automatic"),
    [
        ({"headers": {"Auto-Submitted": "auto-replied"}}, "auto_reply"),
        ({"headers": {"Auto-Submitted": "no"}}, ""),
        ({"headers": {"X-Autoreply": "yes"}}, "auto_reply"),
        ({"headers": {"Precedence": "auto_reply"}}, "auto_reply"),
        ({"headers": {"Precedence": "bulk"}}, "bulk"),
        ({"headers": {"List-Id": "<nieuws.klanten.example>"}}, "bulk"),
        ({"headers": {"Return-Path": "<>"}}, "bounce"),
        ({"FromFull": {"Email": "MAILER-DAEMON@klanten.example", "Name": ""}}, "bounce"),
    ],
)
def test_mail_of_a_machine_is_shown_as_such_and_reopens_nothing(
    sanne: User, fields: dict[str, Any], automatic: str
) -> None:
    follow_up = make_answered(sanne)
    close(follow_up, Closing("thanked"), user=sanne, version=1, now=timezone.now())

    activity = bring(follow_up, **fields)

    follow_up.refresh_from_db()
    assert activity is not None
    assert activity.received.automatic == automatic
    assert follow_up.is_closed == bool(automatic)


def test_mail_from_another_address_is_filed_with_a_warning(
    sanne: User, agent_client: Client
) -> None:
    follow_up = make_answered(sanne)

    bring(follow_up, FromFull={"Email": "partner@elders.example", "Name": "Partner"})

    html = agent_client.get(follow_up.get_absolute_url()).content.decode()
    assert "From another address than the customer's: partner@elders.example" in html


def test_nothing_of_a_mail_is_html_on_the_page(sanne: User, agent_client: Client) -> None:
    follow_up = make_answered(sanne)
    evil = "<script>alert(1)</script>"

    bring(
        follow_up,
        TextBody=evil,
        Subject=evil,
        FromFull={"Email": SENDER, "Name": evil},
        Attachments=[postmark_photo(evil)],
    )

    html = agent_client.get(follow_up.get_absolute_url()).content.decode()
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3
    assert evil not in html


def test_answer_of_a_colleague_to_their_own_test_is_filed(sanne: User) -> None:
    test = make_test(tester=sanne)

    assert bring(test) is not None


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


# What belongs nowhere


def make_stray(**fields: Any) -> ReceivedMail:
    deliver(POSTMARK, postmark_mail(to="hallo@in.voorbeeld.example", **fields))
    file_mails(now=timezone.now())
    return ReceivedMail.objects.stray().get()


def test_stray_mail_is_offered_to_the_follow_up_of_its_sender(
    sanne: User, manager_client: Client
) -> None:
    follow_up = make_answered(sanne)
    mail = make_stray()
    html = manager_client.get(reverse("stray_mails")).content.decode()
    assert f'name="follow_up" value="{follow_up.pk}"' in html

    url = reverse("stray_mail_file", args=[mail.pk])
    answer = manager_client.post(url, {"follow_up": str(follow_up.pk)})

    assert answer.headers["Location"] == follow_up.get_absolute_url()
    assert follow_up.activities.get(kind="received").text == NEW
    again = manager_client.post(url, {"follow_up": str(follow_up.pk)}, follow=True)
    assert "A colleague was there first" in again.content.decode()
    assert follow_up.activities.filter(kind="received").count() == 1


@pytest.mark.parametrize("written", ["#{pk}", "https://nps.example/follow-ups/{pk}/"])
def test_follow_up_may_be_named_by_number_or_address(
    sanne: User, manager_client: Client, written: str
) -> None:
    follow_up = make_answered(sanne)
    url = reverse("stray_mail_file", args=[make_stray().pk])

    answer = manager_client.post(url, {"follow_up": written.format(pk=follow_up.pk)})

    assert answer.status_code == 302
    assert follow_up.activities.filter(kind="received").exists()


@pytest.mark.parametrize("written", ["", "99999999", "nergens"])
def test_follow_up_that_is_none_is_refused(
    sanne: User, manager_client: Client, written: str
) -> None:
    mail = make_stray()

    answer = manager_client.post(reverse("stray_mail_file", args=[mail.pk]), {"follow_up": written})

    assert answer.status_code == 422
    assert ReceivedMail.objects.stray().count() == 1


def test_discarded_mail_loses_its_words_and_does_not_come_back(
    sanne: User, manager_client: Client
) -> None:
    mail = make_stray()

    manager_client.post(reverse("stray_mail_discard", args=[mail.pk]))
    deliver(POSTMARK, postmark_mail(to="hallo@in.voorbeeld.example"))
    file_mails(now=timezone.now())

    mail.refresh_from_db()
    assert ReceivedMail.objects.count() == 1
    assert (mail.state, mail.text, mail.from_email, mail.subject) == ("discarded", "", "", "")
    assert forget_discarded(now=timezone.now() + dt.timedelta(days=29)) == 0
    assert forget_discarded(now=timezone.now() + dt.timedelta(days=31)) == 1


def test_list_of_stray_mail_costs_the_same_queries_for_any_number(manager_client: Client) -> None:
    make_stray()
    with CaptureQueriesContext(connection) as one:
        manager_client.get(reverse("stray_mails"))

    for number in range(3):
        deliver(POSTMARK, postmark_mail(to="hallo@in.voorbeeld.example", TextBody=str(number)))
    file_mails(now=timezone.now())
    with CaptureQueriesContext(connection) as four:
        manager_client.get(reverse("stray_mails"))

    assert len(four) == len(one)
