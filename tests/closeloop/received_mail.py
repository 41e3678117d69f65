"""Mail as services bring it: the shapes of Postmark, Mailgun and SendGrid."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from typing import Any

from django.test import Client
from django.utils import timezone

from closeloop.models import Activity, FollowUp
from closeloop.receiving.filing import file_mails
from closeloop.reply_address import make_reply_address
from npsapp.models import User
from tests.factories import make_contact, make_follow_up, make_invitation, make_response

SECRET = "nps:a-secret-that-is-long-enough"
SIGNING_KEY = "the-key-mailgun-signs-with"
POSTMARK, MAILGUN, SENDGRID = (
    f"/anymail/{name}/inbound/" for name in ("postmark", "mailgun", "sendgrid")
)
TEXT = (
    "Dank je wel, het pakket is er!\n\nGroet, Daan\n\n"
    "Op ma 2 nov. 2026 om 10:00 schreef Voorbeeld <hallo@voorbeeld.example>:\n"
    "> Beste Daan,\n>\n> Excuus.\n"
)
SENDER = "daan@klanten.example"
# Of TEXT, what is not quoted.
NEW = "Dank je wel, het pakket is er!\n\nGroet, Daan"
HOUR = dt.timedelta(hours=1)


def basic(secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}


def deliver(path: str, said: Any, *, secret: str = SECRET, form: bool = False) -> int:
    """Post it as the service does: JSON, or a form."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    headers = basic(secret) if secret else {}
    if form:
        return int(client.post(path, said, headers=headers).status_code)
    body = said if isinstance(said, str | bytes) else json.dumps(said)
    answer = client.post(path, body, content_type="application/json", headers=headers)
    return int(answer.status_code)


def postmark_mail(
    *, to: str, headers: dict[str, str] | None = None, **fields: Any
) -> dict[str, Any]:
    named = {
        "Return-Path": f"<{SENDER}>",
        "Message-ID": "<CAF7x@mail.klanten.example>",
        "MIME-Version": "1.0",
    } | (headers or {})
    return {
        "FromName": "Daan Duin",
        "MessageStream": "inbound",
        "From": SENDER,
        "FromFull": {"Email": SENDER, "Name": "Daan Duin", "MailboxHash": ""},
        "To": to,
        "ToFull": [{"Email": to, "Name": "", "MailboxHash": to.partition("+")[2].split("@")[0]}],
        "Cc": "",
        "CcFull": [],
        "Bcc": "",
        "BccFull": [],
        "OriginalRecipient": to,
        "Subject": "Re: Hoe waarschijnlijk is het dat u Voorbeeld aanbeveelt?",
        "MessageID": "73e6d360-66eb-11e1-8e72-a8904824019b",
        "ReplyTo": "",
        "MailboxHash": to.partition("+")[2].split("@")[0],
        "Date": "Mon, 2 Nov 2026 11:00:00 +0100",
        "TextBody": TEXT,
        "HtmlBody": "<div>Dank je wel, het pakket is er!</div>",
        "StrippedTextReply": "Dank je wel, het pakket is er!",
        "Tag": "",
        "Headers": [{"Name": name, "Value": value} for name, value in named.items()],
        "Attachments": [],
    } | fields


def postmark_photo(name: str = "doos.jpg", size: int = 3000) -> dict[str, Any]:
    content = base64.b64encode(b"\xff\xd8" + b"x" * (size - 2)).decode()
    return {
        "Name": name,
        "Content": content,
        "ContentType": "image/jpeg",
        "ContentLength": size,
        "ContentID": "",
    }


def mailgun_mail(*, to: str, token: str = "t" * 50, **fields: Any) -> dict[str, Any]:
    signature = hmac.new(
        SIGNING_KEY.encode(), f"1793613600{token}".encode(), hashlib.sha256
    ).hexdigest()
    headers = [
        ["From", f"Daan Duin <{SENDER}>"],
        ["To", to],
        ["Subject", "Re: Hoe was het?"],
        ["Message-Id", "<CAF7x@mail.klanten.example>"],
        ["Date", "Mon, 2 Nov 2026 11:00:00 +0100"],
        ["Content-Type", 'text/plain; charset="UTF-8"'],
    ]
    return {
        "recipient": to,
        "sender": SENDER,
        "subject": "Re: Hoe was het?",
        "from": f"Daan Duin <{SENDER}>",
        "message-headers": json.dumps(headers),
        "body-plain": TEXT.replace("\n", "\r\n"),
        "stripped-text": "Dank je wel, het pakket is er!",
        "timestamp": "1793613600",
        "token": token,
        "signature": signature,
    } | fields


def sendgrid_mail(*, to: str, **fields: Any) -> dict[str, Any]:
    headers = (
        f"From: Daan Duin <{SENDER}>\nTo: {to}\nSubject: Re: Hoe was het?\n"
        "Message-ID: <CAF7x@mail.klanten.example>\nDate: Mon, 2 Nov 2026 11:00:00 +0100\n"
        'Content-Type: multipart/alternative; boundary="x"\n'
    )
    return {
        "headers": headers,
        "from": f"Daan Duin <{SENDER}>",
        "to": to,
        "subject": "Re: Hoe was het?",
        "text": TEXT,
        "html": "",
        "envelope": json.dumps({"to": [to], "from": SENDER}),
        "charsets": json.dumps({"to": "UTF-8", "text": "UTF-8", "subject": "UTF-8"}),
        "spam_score": "0.1",
        "sender_ip": "192.0.2.1",
    } | fields


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
