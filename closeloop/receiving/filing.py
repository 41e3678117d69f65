"""Putting mails that came in with the follow-ups they answer: in any order, any number of times."""

from __future__ import annotations

import datetime as dt
import logging
import re
import uuid
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, transaction

from closeloop.changing import lock, record
from closeloop.models import Activity, FollowUp, ReceivedMail
from closeloop.notifying import tell_of_reply
from closeloop.receiving.returning import bring_back_for_mail
from closeloop.reply_address import read_reply_address
from npsapp.models import User
from surveys.models import Invitation, Mail
from surveys.sending.leases import Lease

logger = logging.getLogger(__name__)

State = ReceivedMail.State
BATCH = 200
LOOK_AGAIN = dt.timedelta(minutes=5)
# Whoever writes more is a machine that does not say so, or means harm.
MOST_AN_HOUR = 20
KEEP_DISCARDED = dt.timedelta(days=30)
_OUR_ID = re.compile(r"<(inv|mail)\.([0-9a-f]{32})@")


class NobodyThere(Exception):
    """The person of that follow-up was erased: nothing about them is written down any more."""


class AlreadySettled(Exception):
    """Somebody else did something with that mail a moment ago."""


@dataclass
class Filed:
    filed: int = 0
    stray: int = 0
    postponed: int = 0

    def __str__(self) -> str:
        return f"filed {self.filed}, belonging nowhere {self.stray}, later {self.postponed}"


def file_mails(*, now: dt.datetime, lease: Lease | None = None) -> Filed:
    """File what waits. One that cannot be filed keeps no other waiting."""
    done = Filed()
    waiting = ReceivedMail.objects.filter(state=State.NEW, look_at__lte=now)
    for pk in list(waiting.order_by("received_at", "pk").values_list("pk", flat=True)[:BATCH]):
        try:
            _file_one(pk, done, now=now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("Received mail %s cannot be filed", pk)
            ReceivedMail.objects.filter(pk=pk).update(look_at=now + LOOK_AGAIN)
            done.postponed += 1
        if lease is not None:
            lease.renew()
    return done


@transaction.atomic
def _file_one(pk: int, done: Filed, *, now: dt.datetime) -> None:
    waiting = ReceivedMail.objects.select_for_update(skip_locked=True)
    mail = waiting.filter(pk=pk, state=State.NEW).first()
    if mail is None:
        return
    follow_up_pk = find_follow_up(mail)
    try:
        if follow_up_pk is not None:
            _put(mail, follow_up_pk, now=now)
            done.filed += 1
            return
    except NobodyThere:
        pass
    mail.state = State.STRAY
    mail.save(update_fields=["state"])
    done.stray += 1


def find_follow_up(mail: ReceivedMail) -> int | None:
    """By the address that it was sent to, which we signed; else by the mails that it answers."""
    pk = read_reply_address(mail.addressed_to)
    if pk is not None and FollowUp.everything.filter(pk=pk).exists():
        return pk
    for message_id in mail.answers:
        if (found := _find_by_id(message_id)) is not None:
            return found
    return None


def _find_by_id(message_id: str) -> int | None:
    """Of a mail of ours; or one of the customer's own, to which they add something."""
    if ours := _OUR_ID.match(message_id):
        key = uuid.UUID(hex=ours[2])
        if ours[1] == "mail":
            return _follow_up_of_mail(message_key=key)
        return _follow_up_of_invitation(message_key=key)
    # Some services send under an id of their own, which they told us when they took the mail.
    told = {message_id, message_id.strip("<>"), message_id[1:].partition("@")[0]}
    for provider_id in sorted(told - {""}):
        for find in (_follow_up_of_mail, _follow_up_of_invitation):
            if (found := find(provider_id=provider_id)) is not None:
                return found
    theirs = ReceivedMail.objects.filter(message_id=message_id, activity__isnull=False)
    return theirs.values_list("activity__follow_up_id", flat=True).first()


def _follow_up_of_mail(**which: object) -> int | None:
    mails = Mail.objects.filter(**which, activity__isnull=False)
    return mails.values_list("activity__follow_up_id", flat=True).first()


def _follow_up_of_invitation(**which: object) -> int | None:
    asked = Invitation.objects.filter(**which).first()
    first = asked and (asked.first_id or asked.pk)
    found = FollowUp.everything.filter(response__invitation=first) if first else None
    return found.values_list("pk", flat=True).first() if found is not None else None


def _put(
    mail: ReceivedMail, follow_up_pk: int, *, now: dt.datetime, user: User | None = None
) -> Activity:
    """Write a locked mail into the timeline. A machine's mail brings nothing back."""
    follow_up = lock(follow_up_pk)
    if follow_up.response.contact is None and follow_up.response.tester is None:
        raise NobodyThere
    if user is None and not mail.automatic and _is_flooded(follow_up, mail):
        mail.automatic = ReceivedMail.Automatic.BULK
    was_closed = follow_up.is_closed
    if not mail.automatic:
        bring_back_for_mail(follow_up, now=now)
    details = {"automatic": mail.automatic, "from_other": is_stranger(mail, follow_up)}
    activity = record(
        follow_up,
        Activity.Kind.RECEIVED,
        now=mail.received_at,
        user=user,
        text=mail.new_text,
        details=details,
    )
    mail.activity, mail.state, mail.settled_at = activity, State.FILED, now
    mail.settled_by = user
    mail.save(update_fields=["activity", "state", "settled_at", "settled_by", "automatic"])
    if not mail.automatic:
        if was_closed:
            because = {"because": "customer_wrote"}
            record(follow_up, Activity.Kind.REOPENED, now=mail.received_at, details=because)
        tell_of_reply(follow_up, activity, now=now)
    return activity


def _is_flooded(follow_up: FollowUp, mail: ReceivedMail) -> bool:
    """Whether a locked follow-up got all the mails of an hour that a person may write."""
    hour = (mail.received_at - dt.timedelta(hours=1), mail.received_at)
    came = follow_up.activities.filter(kind=Activity.Kind.RECEIVED, at__range=hour)
    return came.count() >= MOST_AN_HOUR


def is_stranger(mail: ReceivedMail, follow_up: FollowUp) -> bool:
    """Whether it came from another address than the one that we write to."""
    response = follow_up.response
    known = response.contact or response.tester
    return known is None or mail.from_email.lower() != known.email.lower()


def assign_stray(pk: int, follow_up: FollowUp, *, user: User, now: dt.datetime) -> Activity:
    """Put a mail that belongs nowhere with a follow-up. Raises AlreadySettled or NobodyThere."""
    with transaction.atomic():
        return _put(_lock_stray(pk), follow_up.pk, now=now, user=user)


def discard_stray(pk: int, *, user: User, now: dt.datetime) -> None:
    """Throw its words away. Raises AlreadySettled."""
    with transaction.atomic():
        mail = _lock_stray(pk)
        mail.settled_by = user
        empty_received(mail, now=now)


def _lock_stray(pk: int) -> ReceivedMail:
    mail = ReceivedMail.objects.select_for_update().filter(pk=pk, state=State.STRAY).first()
    if mail is None:
        raise AlreadySettled
    return mail


def empty_received(mail: ReceivedMail, *, now: dt.datetime) -> None:
    """Take out of a locked mail what anybody wrote. The fingerprint stays, to know it again."""
    mail.from_email = mail.from_name = mail.subject = mail.text = mail.message_id = ""
    mail.answers, mail.addressed_to, mail.attachments = [], [], []
    mail.history_at = 0
    mail.state, mail.settled_at = State.DISCARDED, now
    mail.save()


def forget_discarded(*, now: dt.datetime) -> int:
    """Delete what was discarded long ago: no service posts the same mail for a month."""
    old = ReceivedMail.objects.filter(
        state=State.DISCARDED, settled_at__lt=now - KEEP_DISCARDED, activity__isnull=True
    )
    return old.delete()[0]
