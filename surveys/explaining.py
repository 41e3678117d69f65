"""Why a person was not asked, in plain words."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.models import Invitation

Reason = Invitation.Reason

_PHRASES: dict[str, str | Promise] = {
    Reason.NO_ADDRESS: gettext_lazy("there was no e-mail address to write to"),
    Reason.SUPPRESSED: gettext_lazy("the address was unsubscribed or blocked"),
    Reason.DUPLICATE: gettext_lazy("somebody else with the same address was asked instead"),
    Reason.ANSWERED: gettext_lazy("this survey had been answered already"),
    Reason.RESTED: gettext_lazy("another campaign had asked them, or was about to"),
    Reason.NO_ROOM: gettext_lazy("the window of the campaign had no room left"),
    Reason.WINDOW_OVER: gettext_lazy("the window of the campaign was over"),
    Reason.CANCELLED: gettext_lazy("the campaign was cancelled"),
    Reason.REMINDERS_OFF: gettext_lazy("reminders were switched off or changed"),
    Reason.HELD: gettext_lazy("a colleague holds this person back for now"),
    Reason.ERASED: gettext_lazy("the person with this address was erased"),
    Reason.REFUSED: gettext_lazy("the mail server refused it"),
    Reason.CANNOT_COMPOSE: gettext_lazy("the mail could not be made"),
    Reason.INTERRUPTED: gettext_lazy("the connection dropped before the server confirmed"),
    Reason.CRASHED: gettext_lazy("the worker stopped before the server confirmed"),
    Reason.RESTORED: gettext_lazy("it was due between a backup and its restoring"),
}


def phrase_reason(reason: str) -> str:
    """The reason as part of a sentence."""
    known = dict(Reason.choices)
    return str(_PHRASES.get(reason) or known.get(reason) or _("reason unknown"))


def explain_skip(invitation: Invitation) -> str:
    """Say when and why an invitation was skipped."""
    phrase = _PHRASES.get(invitation.reason) or invitation.get_reason_display()
    told = {"reason": phrase or _("reason unknown")}
    if invitation.reason == Reason.RESTED and invitation.rests_until:
        told["reason"] = _("%(reason)s; they rest until %(day)s") % {
            "reason": phrase,
            "day": say_day(invitation.rests_until),
        }
    if invitation.sequence:
        return _("Not reminded: %(reason)s.") % told
    decided_at = invitation.skipped_at or invitation.campaign.launched_at
    if decided_at is None:
        return _("Not asked: %(reason)s.") % told
    return _("Not asked, on %(day)s: %(reason)s.") % (told | {"day": say_day(decided_at)})


def say_day(moment: dt.datetime) -> str:
    return date_format(timezone.localtime(moment), "j F Y")
