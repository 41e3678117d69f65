"""What happened to a follow-up, in one line each."""

from __future__ import annotations

import datetime as dt
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


def name_activity(activity: Activity) -> str:
    """Say what happened, in the reader's language."""
    details: dict[str, Any] = activity.details
    match activity.kind:
        case Activity.Kind.OPENED:
            return describe_opening(details)
        case Activity.Kind.ASSIGNED:
            return _assigned(activity)
        case Activity.Kind.REPLY | Activity.Kind.AUTO_REPLY:
            return str(details.get("subject", ""))
        case Activity.Kind.CALL:
            return _called(details)
        case Activity.Kind.RECEIVED:
            return str(details.get("subject") or _("Mail from the customer"))
        case Activity.Kind.GESTURE:
            return _gave(details)
        case Activity.Kind.STEP:
            done, undone = _("Done: %(step)s"), _("Not done after all: %(step)s")
            return (done if details["done"] else undone) % details
        case Activity.Kind.TAGGED:
            added = [f"+ {word}" for word in details.get("added", ())]
            return " · ".join([*added, *(f"− {word}" for word in details.get("removed", ()))])
        case Activity.Kind.SNOOZED:
            return _snoozed(details)
        case Activity.Kind.RETURNED:
            return str(RETURNED.get(details.get("because", ""), activity.get_kind_display()))
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
        case Activity.Kind.REOPENED if details.get("because") == "customer_wrote":
            return _("Reopened, because the customer wrote")
        case Activity.Kind.REOPENED if details.get("because") == "undone":
            return _("Closing taken back")
        case Activity.Kind.ESCALATED:
            return describe_escalation(details)
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


def _called(details: dict[str, Any]) -> str:
    match details.get("outcome"):
        case Activity.CallOutcome.VOICEMAIL:
            return _("Called, left a voicemail")
        case Activity.CallOutcome.WRONG_NUMBER:
            return _("Called a wrong number")
    # Calls from before there were outcomes know only whether somebody was reached.
    return _("Spoke by telephone") if details.get("reached") else _("Called, no answer")


def _gave(details: dict[str, Any]) -> str:
    cost = number_format(Decimal(details["cost"]), decimal_pos=2)
    # Of an erased person only what it cost is left.
    if not details.get("what"):
        return _("Gesture (%(cost)s)") % {"cost": cost}
    return _("Gesture: %(what)s (%(cost)s)") % {"what": details["what"], "cost": cost}


def _snoozed(details: dict[str, Any]) -> str:
    until = timezone.localtime(dt.datetime.fromisoformat(details["until"]))
    moment = {"until": date_format(until, "l j F H:i")}
    if details.get("until_reply"):
        return _("Out of sight until the customer replies, at the latest %(until)s") % moment
    return _("Out of sight until %(until)s") % moment
