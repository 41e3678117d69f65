"""The door for the customer's mail: whose it opens to, and what comes through it."""

from __future__ import annotations

import re
import time
from email.parser import Parser
from email.policy import default
from typing import Any

import pytest
from anymail.inbound import AnymailInboundMessage
from django.test import Client
from django.utils import timezone

from closeloop.models import ReceivedMail
from closeloop.receiving import noting
from closeloop.receiving.filing import file_mails
from closeloop.reply_address import make_reply_address, read_reply_address
from npsapp.models import User
from tests.closeloop.received_mail import (
    MAILGUN,
    NEW,
    POSTMARK,
    SENDER,
    SENDGRID,
    TEXT,
    bring,
    deliver,
    mailgun_mail,
    make_answered,
    postmark_mail,
    postmark_photo,
    sendgrid_mail,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("inbound_services"),
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid"),
]


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
