"""Mail to one person: a reply, a notice to staff, a test. A row now, sent within seconds."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from surveys.addresses import hash_address, normalise_address
from surveys.models import Campaign, Mail, Sender
from surveys.nudging import nudge

if TYPE_CHECKING:
    from npsapp.models import User


class NoSender(Exception):
    """There is no sender for mail to single people; the message says so."""


def queue_mail(
    *,
    kind: Mail.Kind | str,
    dedupe_key: str,
    to_email: str,
    to_name: str,
    subject: str,
    text: str,
    html: str = "",
    in_reply_to: str = "",
    references: str = "",
    reply_to: str = "",
    campaign: Campaign | None = None,
    worded_as: str = "",
    created_by: User | None = None,
    now: dt.datetime,
) -> Mail:
    """Write a mail down and wake a worker up. The same `dedupe_key` again is the same mail.

    Raises NoSender, and InvalidAddress for an address that no mail can be sent to.
    """
    address = normalise_address(to_email)
    mail, is_new = Mail.objects.get_or_create(
        dedupe_key=dedupe_key,
        defaults={
            "sender": find_sender(),
            "kind": kind,
            "to_email": address,
            "to_name": " ".join(to_name.split())[:160],
            "subject": " ".join(subject.split())[:300],
            "text": text,
            "html": html,
            "in_reply_to": " ".join(in_reply_to.split())[:300],
            "references": " ".join(references.split()),
            "reply_to": reply_to,
            "address_hash": hash_address(address),
            "scheduled_for": now,
            "campaign": campaign,
            "worded_as": worded_as,
            "created_by": created_by,
        },
    )
    if is_new:
        from surveys.tasks import send_due  # tasks.py is a leaf: only this nudge looks back at it

        nudge(send_due)
    return mail


def find_sender() -> Sender:
    """The sender of transactional mail."""
    sender = Sender.objects.filter(lane=Sender.Lane.TRANSACTIONAL).order_by("pk").first()
    if sender is None:
        raise NoSender(_("There is no sender for replies and notices yet. Add one under Settings."))
    return sender
