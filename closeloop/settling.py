"""What became of a reply once it was queued: a contact, or a customer who waits once more."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.db.models import Exists, Func, JSONField, Min, OuterRef, Q
from django.db.models.functions import Coalesce

from closeloop.changing import lock, record
from closeloop.closing import restart
from closeloop.models import Activity, FollowUp
from surveys.models import Delivery, Mail

logger = logging.getLogger(__name__)
LEFT = [Delivery.State.SENT]
NEVER_LEFT = [Delivery.State.FAILED, Delivery.State.SKIPPED]
# What a mail service tells later: for good, so nobody will read it.
RETURNED = [Delivery.DeliveryStatus.BOUNCED, Delivery.DeliveryStatus.BLOCKED]
NOT_READ = Q(mail__state__in=NEVER_LEFT) | Q(mail__delivery_status__in=RETURNED)
SPOKEN_TO = Q(kind=Activity.Kind.CALL, details__reached=True)
# A contact of which nothing says that it failed.
GOT_THROUGH = SPOKEN_TO | (
    Q(kind=Activity.Kind.REPLY, mail__state__in=LEFT) & ~Q(mail__delivery_status__in=RETURNED)
)


def settle_replies(*, now: dt.datetime) -> int:
    """Take note of what became of replies: sent is a contact, failed brings the follow-up back."""
    finished = Activity.objects.with_mail_under_way().filter(mail__state__in=LEFT + NEVER_LEFT)
    settled = 0
    for pk in list(finished.order_by("pk").values_list("pk", flat=True)):
        try:
            settled += _settle(pk, now=now)
        except Exception:
            logger.exception("Could not settle the reply of activity %s", pk)
    return settled


def _settle(activity_pk: int, *, now: dt.datetime) -> bool:
    with transaction.atomic():
        follow_up_pk = Activity.objects.values_list("follow_up_id", flat=True).get(pk=activity_pk)
        follow_up = lock(follow_up_pk)
        activity = Activity.objects.select_related("mail").get(pk=activity_pk)
        mail = activity.mail
        if mail is None or activity.mail_settled_at is not None:
            return False
        activity.mail_settled_at = now
        activity.save(update_fields=["mail_settled_at"])
        if activity.kind == Activity.Kind.AUTO_REPLY:
            # No person wrote it: whatever became of it, the customer waits for one.
            return True
        if mail.state in LEFT:
            _note_sent(follow_up, mail, now=now)
        else:
            _note_failure(follow_up, activity, now=now)
    return True


def notice_returned(*, now: dt.datetime) -> int:
    """Bring back the follow-ups whose reply left and was returned, or refused, afterwards."""
    told = Activity.objects.filter(
        kind=Activity.Kind.NOT_DELIVERED,
        follow_up=OuterRef("follow_up"),
        details__reply=Func(OuterRef("pk"), function="to_jsonb", output_field=JSONField()),
    )
    returned = Activity.objects.filter(
        NOT_READ, ~Exists(told), kind=Activity.Kind.REPLY, mail_settled_at__isnull=False
    )
    found = list(returned.order_by("pk").values_list("pk", "follow_up_id"))
    for pk, follow_up_pk in found:
        with transaction.atomic():
            follow_up = lock(follow_up_pk)
            if not Activity.objects.filter(pk=pk).filter(Exists(told)).exists():
                reply = Activity.objects.select_related("mail").get(pk=pk)
                _note_failure(follow_up, reply, now=now)
    return len(found)


def _note_sent(follow_up: FollowUp, mail: Mail, *, now: dt.datetime) -> None:
    if follow_up.first_contacted_at is None:
        follow_up.first_contacted_at = mail.sent_at or now
        # Nothing that a reader saw has changed, so the version stays.
        follow_up.save(update_fields=["first_contacted_at"])


def _note_failure(follow_up: FollowUp, reply: Activity, *, now: dt.datetime) -> None:
    """The person did not hear from us: they wait again, against the target there was."""
    if reply.mail and reply.mail.sent_at == follow_up.first_contacted_at:
        follow_up.first_contacted_at = _find_first_contact(follow_up)
    if not _was_contacted_after(follow_up, reply):
        due = follow_up.due_at
        if follow_up.is_closed:
            restart(follow_up, since=now)
        follow_up.due_at = due
        follow_up.awaiting_contact = True
    details = {"reply": reply.pk}
    record(follow_up, Activity.Kind.NOT_DELIVERED, now=now, details=details)


def _was_contacted_after(follow_up: FollowUp, reply: Activity) -> bool:
    later = follow_up.activities.after(reply.version)
    mails = later.filter(kind=Activity.Kind.REPLY).exclude(NOT_READ)
    return mails.exists() or later.filter(SPOKEN_TO).exists()


def _find_first_contact(follow_up: FollowUp) -> dt.datetime | None:
    """When the person first heard from us, leaving out what did not get through."""
    contacts = follow_up.activities.filter(GOT_THROUGH)
    first: dt.datetime | None = contacts.aggregate(at=Min(Coalesce("mail__sent_at", "at")))["at"]
    return first
