"""Mail that comes back for the moment, again and again: a mailbox that nobody empties any more."""

from __future__ import annotations

import datetime as dt
from itertools import chain

from surveys.models import Delivery, Invitation, Mail
from surveys.suppressing import suppress_unreachable

Status = Delivery.DeliveryStatus

MOST_SOFT_BOUNCES = 3
SPREAD = dt.timedelta(days=14)


def judge_soft_bounces(address_hash: str) -> bool:
    """Suppress an address whose mail came back three times over two weeks or more.

    Mails are counted, not events, and only those since one last arrived or was answered.
    """
    bounced, good = [], []
    for status, at, answered_at in _mails_to(address_hash):
        if answered_at is not None:
            good.append(answered_at)
        if status == Status.SOFT_BOUNCED and at is not None:
            bounced.append(at)
        elif status == Status.DELIVERED and at is not None:
            good.append(at)
    since = max(good, default=None)
    counted = sorted(at for at in bounced if since is None or at > since)
    if len(counted) < MOST_SOFT_BOUNCES or counted[-1] - counted[0] < SPREAD:
        return False
    suppress_unreachable(address_hash)
    return True


def _mails_to(
    address_hash: str,
) -> list[tuple[str, dt.datetime | None, dt.datetime | None]]:
    # By the contact, whose index is small: the ledger itself is not indexed by address.
    asked = Invitation.objects.filter(
        contact__address_hash=address_hash, address_hash=address_hash
    ).values_list("delivery_status", "delivery_at", "answered_at")
    mails = Mail.objects.filter(address_hash=address_hash).exclude(delivery_status="")
    told = mails.values_list("delivery_status", "delivery_at")
    return list(chain(asked, ((status, at, None) for status, at in told)))
