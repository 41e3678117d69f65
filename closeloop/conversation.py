"""The conversation that a mail belongs to, as mail programs recognise it: by Message-IDs."""

from __future__ import annotations

from dataclasses import dataclass

from closeloop.models import Activity, FollowUp
from surveys.models import Delivery
from surveys.sending.compose import message_id

# The first one names the conversation; of a long one those in the middle are left out (RFC 5322
# lets them be, and some servers refuse very long headers).
MOST = 20
_NEVER_LEFT = {Delivery.State.FAILED, Delivery.State.SKIPPED}


@dataclass(frozen=True, slots=True)
class Thread:
    """What In-Reply-To and References say of the next mail."""

    in_reply_to: str = ""
    references: str = ""


def find_thread(follow_up: FollowUp) -> Thread:
    """The mail that asked, our replies and the customer's mails, in the order of the timeline.

    Not what machines sent: an answer to a note of absence stands apart in the customer's mailbox.
    """
    ids: list[str] = []
    if follow_up.response.invitation:
        ids.append(message_id(follow_up.response.invitation))
    mails = follow_up.activities.filter(kind__in=[*_SENT, Activity.Kind.RECEIVED])
    activities = mails.select_related("mail__sender", "received").order_by("at", "pk")
    ids += [_read_id(activity) for activity in activities]
    known = list(dict.fromkeys(each for each in ids if each))
    if not known:
        return Thread()
    if len(known) > MOST:
        known = [known[0], *known[-(MOST - 1) :]]
    return Thread(in_reply_to=known[-1], references=" ".join(known))


_SENT = (Activity.Kind.REPLY, Activity.Kind.AUTO_REPLY)


def _read_id(activity: Activity) -> str:
    if activity.kind == Activity.Kind.RECEIVED:
        received = getattr(activity, "received", None)
        return received.message_id if received and not received.automatic else ""
    mail = activity.mail
    return message_id(mail) if mail and mail.state not in _NEVER_LEFT else ""
