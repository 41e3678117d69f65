"""What happened around an answer, as a conversation: the customer, us, and what stays inside."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from django.utils.translation import gettext as _

from closeloop.models import Activity, FollowUp, ReceivedMail
from closeloop.reports.naming import name_activity
from responses.models import Category
from responses.scoring import categorise
from surveys.models import Delivery, Mail


class Side(enum.StrEnum):
    THEM = "them"
    US = "us"
    INTERNAL = "internal"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Passage:
    """What became of a reply. `tone` is waiting, good or bad."""

    text: str
    tone: str
    explanation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    at: dt.datetime
    side: Side
    title: str
    who: str = ""
    text: str = ""
    icon: str = ""
    url: str = ""
    # Colleagues whom a note is meant for.
    told: tuple[str, ...] = ()
    score: int | None = None
    category: str = ""
    is_current: bool = False
    is_warning: bool = False
    passage: Passage | None = None
    is_automatic: bool = False
    received: ReceivedMail | None = None
    from_other: bool = False


def build_timeline(follow_up: FollowUp) -> list[Entry]:
    """Return everything in the order in which it happened (two queries)."""
    entries = [*_list_previous(follow_up), *_list_answers(follow_up)]
    activities = follow_up.activities.select_related("actor", "mail", "received")
    entries += [describe_activity(activity) for activity in activities]
    return sorted(entries, key=lambda entry: entry.at)


def _list_previous(follow_up: FollowUp) -> list[Entry]:
    """The follow-up of the same person's answer before, as the place where this one begins."""
    earlier = follow_up.previous
    if earlier is None:
        return []
    response = earlier.response
    state = earlier.get_outcome_display() if earlier.is_closed else earlier.get_state_display()
    category = Category(response.category).label
    title = _("Earlier follow-up: %(score)s, %(category)s") % {
        "score": response.score,
        "category": category,
    }
    return [
        Entry(
            at=response.answered_at,
            side=Side.EVENT,
            title=f"{title} · {state}",
            icon="back",
            url=earlier.get_absolute_url(),
        )
    ]


def _list_answers(follow_up: FollowUp) -> list[Entry]:
    response = follow_up.response
    entries = []
    invitation = response.invitation
    if invitation and invitation.sent_at:
        title = _("Asked: %(survey)s") % {"survey": response.survey}
        entries.append(
            Entry(at=invitation.sent_at, side=Side.EVENT, title=title, icon="paper-plane")
        )
    entries += [
        _answer(
            version.answered_at,
            version.score,
            version.comment,
            title=_("Not counted: looked automatic")
            if version.automatic_reason
            else _("Earlier answer, replaced"),
        )
        for version in response.versions.all()
    ]
    entries.append(
        _answer(
            response.last_written_at,
            response.score,
            response.comment,
            title="",
            is_current=True,
        )
    )
    return entries


def _answer(
    at: dt.datetime, score: int, comment: str, *, title: str, is_current: bool = False
) -> Entry:
    category = Category(categorise(score).value)
    return Entry(
        at=at,
        side=Side.THEM,
        title=title,
        text=comment,
        score=score,
        category=category.value,
        who=str(category.label),
        is_current=is_current,
    )


def describe_activity(activity: Activity) -> Entry:
    """Put one activity into words, in the reader's language."""
    side = SIDES.get(activity.kind, Side.EVENT)
    return Entry(
        at=activity.at,
        side=side,
        title=name_activity(activity),
        who=_("The customer") if side == Side.THEM else str(activity.actor or ""),
        text=activity.text,
        icon=_choose_icon(activity),
        told=tuple(activity.details.get("mentioned", ())),
        is_warning=activity.kind in WARNINGS,
        passage=describe_passage(activity.mail) if activity.mail else None,
        is_automatic=activity.kind == Activity.Kind.AUTO_REPLY,
        received=getattr(activity, "received", None),
        from_other=bool(activity.details.get("from_other")),
    )


def _choose_icon(activity: Activity) -> str:
    if activity.kind == Activity.Kind.STEP and not activity.details.get("done"):
        return "back"
    return ICONS.get(activity.kind, "more")


SIDES: dict[str, Side] = {
    Activity.Kind.RECEIVED: Side.THEM,
    Activity.Kind.REPLY: Side.US,
    Activity.Kind.AUTO_REPLY: Side.US,
    Activity.Kind.NOTE: Side.INTERNAL,
    Activity.Kind.CALL: Side.INTERNAL,
}
WARNINGS = {Activity.Kind.NOT_DELIVERED, Activity.Kind.ESCALATED}
ICONS: dict[str, str] = {
    Activity.Kind.OPENED: "inbox",
    Activity.Kind.ASSIGNED: "team",
    Activity.Kind.NOTE: "speech",
    Activity.Kind.REPLY: "envelope",
    Activity.Kind.NOT_DELIVERED: "warning",
    Activity.Kind.AUTO_REPLY: "envelope",
    Activity.Kind.RECEIVED: "envelope",
    Activity.Kind.CALL: "phone",
    Activity.Kind.GESTURE: "gift",
    Activity.Kind.STEP: "check",
    Activity.Kind.TAGGED: "tag",
    Activity.Kind.SNOOZED: "moon",
    Activity.Kind.RETURNED: "back",
    Activity.Kind.ESCALATED: "warning",
    Activity.Kind.ANSWER_CHANGED: "pen",
    Activity.Kind.CLOSED: "check",
    Activity.Kind.REOPENED: "inbox",
}


_UNWELCOME = {
    Delivery.DeliveryStatus.SOFT_BOUNCED,
    Delivery.DeliveryStatus.BLOCKED,
    Delivery.DeliveryStatus.COMPLAINED,
}


def describe_passage(mail: Mail) -> Passage:
    """Say how far a mail got. What is unknown is called unknown."""
    reason = str(mail.get_reason_display())
    match mail.state:
        case Delivery.State.SENT if mail.delivery_status == Delivery.DeliveryStatus.BOUNCED:
            return Passage(_("Bounced"), "bad", _("Their mail server sent it back."))
        case Delivery.State.SENT if mail.delivery_status in _UNWELCOME:
            status = Delivery.DeliveryStatus(mail.delivery_status)
            return Passage(str(status.label), "bad", mail.detail)
        case Delivery.State.SENT if mail.delivery_status == Delivery.DeliveryStatus.DELIVERED:
            return Passage(_("Delivered"), "good")
        case Delivery.State.SENT:
            return Passage(_("Sent"), "good")
        case Delivery.State.FAILED | Delivery.State.SKIPPED:
            return Passage(_("Not sent"), "bad", mail.detail or reason)
        case Delivery.State.UNKNOWN:
            return Passage(
                _("Perhaps sent"),
                "bad",
                _("The line dropped before the mail server confirmed. A manager settles it."),
            )
    return Passage(_("On its way"), "waiting")
