"""What happened around an answer, as a conversation: the customer, us, and what stays inside."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from closeloop.models import Activity, FollowUp
from closeloop.reports.opened import describe_opening
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
    score: int | None = None
    category: str = ""
    is_current: bool = False
    is_warning: bool = False
    passage: Passage | None = None


def build_timeline(follow_up: FollowUp) -> list[Entry]:
    """Return everything in the order in which it happened (two queries)."""
    entries = _list_answers(follow_up)
    activities = follow_up.activities.select_related("actor", "mail")
    entries += [describe_activity(activity) for activity in activities]
    return sorted(entries, key=lambda entry: entry.at)


def _list_answers(follow_up: FollowUp) -> list[Entry]:
    response = follow_up.response
    entries = []
    invitation = response.invitation
    if invitation and invitation.sent_at:
        title = _("Asked: %(survey)s") % {"survey": response.survey}
        entries.append(Entry(at=invitation.sent_at, side=Side.EVENT, title=title))
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
    return Entry(
        at=activity.at,
        side=SIDES.get(activity.kind, Side.EVENT),
        title=_title(activity),
        who=str(activity.actor or ""),
        text=activity.text,
        is_warning=activity.kind == Activity.Kind.NOT_DELIVERED,
        passage=describe_passage(activity.mail) if activity.mail else None,
    )


SIDES: dict[str, Side] = {
    Activity.Kind.REPLY: Side.US,
    Activity.Kind.NOTE: Side.INTERNAL,
    Activity.Kind.CALL: Side.INTERNAL,
}


def _title(activity: Activity) -> str:
    details: dict[str, Any] = activity.details
    match activity.kind:
        case Activity.Kind.OPENED:
            return describe_opening(details)
        case Activity.Kind.ASSIGNED:
            return _assigned(activity)
        case Activity.Kind.REPLY:
            return str(details.get("subject", ""))
        case Activity.Kind.CALL:
            return _("Spoke by telephone") if details.get("reached") else _("Called, no answer")
        case Activity.Kind.ANSWER_CHANGED:
            if details["from"] == details["to"]:
                return _("Answer completed or reworded")
            return _("Answer changed from %(from)s to %(to)s") % details
        case Activity.Kind.CLOSED:
            outcome = FollowUp.Outcome(details["outcome"]).label
            cause = details.get("root_cause")
            return _("Closed: %(outcome)s") % {
                "outcome": f"{outcome} · {cause}" if cause else outcome
            }
        case Activity.Kind.REOPENED if details.get("because") == "answer_changed":
            return _("Reopened, because the answer changed")
        case Activity.Kind.REOPENED if details.get("because") == "undone":
            return _("Closing taken back")
        case Activity.Kind.NOT_DELIVERED:
            return _("A reply did not get through: the customer still waits")
    return str(activity.get_kind_display())


def _assigned(activity: Activity) -> str:
    details: dict[str, Any] = activity.details
    if details["to"] is None:
        return _("Given back to everybody")
    if details["to"] != activity.actor_id:
        return _("Given to %(to_name)s") % details
    if details["from"] is None:
        return _("Taken")
    return _("Taken over from %(from_name)s") % details


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
