"""What happened to a follow-up, in one line each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from closeloop.models import Activity, FollowUp
from closeloop.reports.escalated import describe_escalation
from closeloop.reports.opened import describe_opening
from closeloop.snoozing import TIME_PASSED, WOKEN

RETURNED = {
    TIME_PASSED: gettext_lazy("Back in the queue: the time has come"),
    WOKEN: gettext_lazy("Back in the queue"),
}
REOPENED = {
    "answer_changed": gettext_lazy("Reopened, because the answer changed"),
    "customer_wrote": gettext_lazy("Reopened, because the customer wrote"),
    "undone": gettext_lazy("Closing taken back"),
}


def name_activity(activity: Activity) -> str:
    """Say what happened, in the reader's language."""
    name = NAMES.get(activity.kind)
    return name(activity) if name else str(activity.get_kind_display())


def _opened(activity: Activity) -> str:
    return describe_opening(activity.details)


def _assigned(activity: Activity) -> str:
    details: dict[str, Any] = activity.details
    if details["to"] is None:
        return _("Given back to everybody")
    if details["to"] != activity.actor_id:
        return _("Given to %(to_name)s") % details
    if details["from"] is None:
        return _("Taken")
    return _("Taken over from %(from_name)s") % details


def _written(activity: Activity) -> str:
    return str(activity.details.get("subject", ""))


def _received(activity: Activity) -> str:
    return str(activity.details.get("subject") or _("Mail from the customer"))


def _called(activity: Activity) -> str:
    details: dict[str, Any] = activity.details
    match details.get("outcome"):
        case Activity.CallOutcome.VOICEMAIL:
            return _("Called, left a voicemail")
        case Activity.CallOutcome.WRONG_NUMBER:
            return _("Called a wrong number")
    # Calls from before there were outcomes know only whether somebody was reached.
    return _("Spoke by telephone") if details.get("reached") else _("Called, no answer")


def _gave(activity: Activity) -> str:
    details: dict[str, Any] = activity.details
    cost = number_format(Decimal(details["cost"]), decimal_pos=2)
    # Of an erased person only what it cost is left.
    if not details.get("what"):
        return _("Gesture (%(cost)s)") % {"cost": cost}
    return _("Gesture: %(what)s (%(cost)s)") % {"what": details["what"], "cost": cost}


def _ticked(activity: Activity) -> str:
    details: dict[str, Any] = activity.details
    done, undone = _("Done: %(step)s"), _("Not done after all: %(step)s")
    return (done if details["done"] else undone) % details


def _tagged(activity: Activity) -> str:
    added = [f"+ {word}" for word in activity.details.get("added", ())]
    return " · ".join([*added, *(f"− {word}" for word in activity.details.get("removed", ()))])


def _snoozed(activity: Activity) -> str:
    details: dict[str, Any] = activity.details
    until = timezone.localtime(dt.datetime.fromisoformat(details["until"]))
    moment = {"until": date_format(until, "l j F H:i")}
    if details.get("until_reply"):
        return _("Out of sight until the customer replies, at the latest %(until)s") % moment
    return _("Out of sight until %(until)s") % moment


def _returned(activity: Activity) -> str:
    because = activity.details.get("because", "")
    return str(RETURNED.get(because, activity.get_kind_display()))


def _escalated(activity: Activity) -> str:
    return describe_escalation(activity.details)


def _changed(activity: Activity) -> str:
    details: dict[str, Any] = activity.details
    if details["from"] == details["to"]:
        return _("Answer completed or reworded")
    return _("Answer changed from %(from)s to %(to)s") % details


def _closed(activity: Activity) -> str:
    outcome = FollowUp.Outcome(activity.details["outcome"]).label
    cause = activity.details.get("root_cause")
    return _("Closed: %(outcome)s") % {"outcome": f"{outcome} · {cause}" if cause else outcome}


def _reopened(activity: Activity) -> str:
    because = activity.details.get("because", "")
    return str(REOPENED.get(because, activity.get_kind_display()))


def _not_delivered(activity: Activity) -> str:
    return _("A reply did not get through: the customer still waits")


# Of any other kind its own name says enough.
NAMES: dict[str, Callable[[Activity], str]] = {
    Activity.Kind.OPENED: _opened,
    Activity.Kind.ASSIGNED: _assigned,
    Activity.Kind.REPLY: _written,
    Activity.Kind.AUTO_REPLY: _written,
    Activity.Kind.RECEIVED: _received,
    Activity.Kind.CALL: _called,
    Activity.Kind.GESTURE: _gave,
    Activity.Kind.STEP: _ticked,
    Activity.Kind.TAGGED: _tagged,
    Activity.Kind.SNOOZED: _snoozed,
    Activity.Kind.RETURNED: _returned,
    Activity.Kind.ESCALATED: _escalated,
    Activity.Kind.ANSWER_CHANGED: _changed,
    Activity.Kind.CLOSED: _closed,
    Activity.Kind.REOPENED: _reopened,
    Activity.Kind.NOT_DELIVERED: _not_delivered,
}
