"""Writing a mail down as a service brought it, in one statement, before the service is answered.

Whoever posts it waits, and posts it again when the answer is late: nothing is looked up here, and
the same mail again is the same row.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import re
from collections.abc import Iterator
from email.message import Message
from typing import Any

from anymail.inbound import AnymailInboundMessage
from anymail.signals import AnymailInboundEvent
from django.db import DataError, transaction

from closeloop.models import ReceivedMail
from closeloop.receiving.judging import judge
from closeloop.receiving.plain import read_html
from closeloop.receiving.quoting import split_history

logger = logging.getLogger(__name__)

MOST_TEXT = 100_000
_MOST_HTML = 200_000
_MOST_ADDRESSES = 20
# Of each header: Python's parser of addresses takes ever longer over long ones.
_MOST_HEADER = 10_000
_MOST_RECIPIENTS = 2_000
# As long as the parts of an address may be: without an end, a long word is searched from each sign.
_ADDRESS = re.compile(r"[^\s<>,;\"'@]{1,64}@[^\s<>,;\"']{1,255}")
_MOST_ANSWERS = 50
_MOST_ATTACHMENTS = 50
# ASCII only: these are written into the headers of our own mail.
_MESSAGE_ID = re.compile(r"<([\x21-\x3b\x3d\x3f-\x7e]{3,290})>")
# Controls, and what turns the direction of writing around so that a name reads as another.
_UNREADABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)


def note_mail(event: AnymailInboundEvent, provider: str, *, now: dt.datetime) -> None:
    mail = read_mail(event.message, provider, now=now)
    mail.event_key = fingerprint(mail, str(event.event_id or ""))
    try:
        _keep(mail)
    except (DataError, ValueError):
        # Refused, the service would post it again for days, and nobody would ever read it.
        logger.exception("A mail of %s is kept without all that the database refuses", provider)
        _keep(_reduce(mail))


@transaction.atomic
def _keep(mail: ReceivedMail) -> None:
    ReceivedMail.objects.bulk_create([mail], ignore_conflicts=True)


def _reduce(mail: ReceivedMail) -> ReceivedMail:
    """Make of what somebody wrote what any database takes. Lengths stay as they are."""
    for name in ("provider", "from_email", "from_name", "subject", "text", "message_id"):
        setattr(mail, name, _keep_printable(getattr(mail, name)))
    mail.addressed_to = [_keep_printable(each) for each in mail.addressed_to]
    mail.answers = [_keep_printable(each) for each in mail.answers]
    mail.attachments = [
        {
            name: value if isinstance(value, int) else _keep_printable(value)
            for name, value in each.items()
        }
        for each in mail.attachments
    ]
    return mail


def _keep_printable(text: str) -> str:
    return re.sub(r"[^\n\x20-\x7e]", "?", text)


def read_mail(message: AnymailInboundMessage, provider: str, *, now: dt.datetime) -> ReceivedMail:
    text = _read_text(message)
    email, name = _read_sender(message)
    return ReceivedMail(
        provider=provider[:30],
        message_id=(_ids(_header(message, "Message-ID")) or [""])[0],
        answers=_read_answers(message),
        addressed_to=_read_recipients(message),
        from_email=email,
        from_name=name,
        subject=_line(_header(message, "Subject"), 300),
        text=text[:MOST_TEXT],
        history_at=len(split_history(text[:MOST_TEXT]).new),
        is_cut=len(text) > MOST_TEXT,
        attachments=_list_attachments(message),
        automatic=judge(
            lambda name: _header(message, name),
            content_type=message.get_content_type(),
            from_email=email,
            envelope_sender=message.envelope_sender,
        ),
        received_at=now,
        look_at=now,
    )


def fingerprint(mail: ReceivedMail, event_id: str) -> str:
    """Of the mail itself: a service that tries again may count its tries. Without a Message-ID
    two mails may be alike, and the service's own number tells them apart."""
    said = [
        mail.message_id or event_id,
        *mail.addressed_to,
        mail.from_email,
        mail.subject,
        mail.text,
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _read_text(message: AnymailInboundMessage) -> str:
    text = _clean(message.text or "")
    if not text.strip():
        text = read_html(_clean((message.html or "")[:_MOST_HTML]))
    return text.strip("\n")


def _read_answers(message: AnymailInboundMessage) -> list[str]:
    nearest_first = [
        *_ids(_header(message, "In-Reply-To")),
        *reversed(_ids(_header(message, "References"))),
    ]
    return list(dict.fromkeys(nearest_first))[:_MOST_ANSWERS]


def _read_recipients(message: AnymailInboundMessage) -> list[str]:
    """The address it was delivered to first: the others may be those of other people's mail."""
    headers = ("To", "Cc", "Delivered-To", "X-Original-To")
    found = [str(message.envelope_recipient or "")]
    for name in headers:
        found += _ADDRESS.findall(_header(message, name)[:_MOST_RECIPIENTS])
    addresses = [_line(each, 320).strip("<>") for each in found]
    return list(dict.fromkeys(each for each in addresses if each))[:_MOST_ADDRESSES]


def _read_sender(message: AnymailInboundMessage) -> tuple[str, str]:
    try:
        is_long = any(len(raw) > _MOST_HEADER for _name, raw in _raw(message, "From"))
        sender = None if is_long else message.from_email
    except Exception:
        sender = None
    if isinstance(sender, list):
        sender = sender[0]
    if sender is None:
        return "", _line(_header(message, "From"), 160)
    return _line(sender.addr_spec, 254), _line(sender.display_name, 160)


def _list_attachments(message: AnymailInboundMessage) -> list[dict[str, str | int]]:
    """Pictures inside the text too: somebody may have sent a photograph that way."""
    found: list[dict[str, str | int]] = []
    for part in message.walk():
        if part.get_content_maintype() == "multipart" or len(found) == _MOST_ATTACHMENTS:
            continue
        is_text = part.get_content_maintype() == "text" and not part.get_filename()
        if part is message or (is_text and part.get_content_disposition() != "attachment"):
            continue
        name = _line(part.get_filename() or "", 200)
        kind = _line(part.get_content_type(), 100)
        found.append({"name": name, "type": kind, "size": _measure(part)})
    return found


def _measure(part: Message) -> int:
    payload: Any = part.get_payload(decode=True)
    return len(payload) if isinstance(payload, bytes) else len(part.as_bytes())


def _ids(text: str) -> list[str]:
    return [f"<{found}>" for found in _MESSAGE_ID.findall(text)]


def _header(message: Message, name: str) -> str:
    """All headers of a name; nothing for broken ones, which the parser of addresses fails on."""
    try:
        values = [_read_value(message, *each) for each in _raw(message, name)]
        return _clean(" ".join(values))[:_MOST_HEADER]
    except Exception:
        return ""


def _read_value(message: Message, name: str, raw: str) -> str:
    # A slice is a plain string, to be read again; the whole may have been read already.
    short = raw if len(raw) <= _MOST_HEADER else raw[:_MOST_HEADER]
    return str(message.policy.header_fetch_parse(name, short))


def _raw(message: Message, name: str) -> Iterator[tuple[str, str]]:
    return ((each, raw) for each, raw in message.raw_items() if each.lower() == name.lower())


def _line(text: str, length: int) -> str:
    return " ".join(_clean(text).split())[:length]


def _clean(text: str) -> str:
    """Text that a database takes and that shows itself as what it is."""
    whole = text.encode("utf-8", "replace").decode()
    return _UNREADABLE.sub("", whole.replace("\r\n", "\n").replace("\r", "\n"))
