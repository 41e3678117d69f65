"""When something is due, in the words of a person looking at the clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from closeloop.models import FollowUp

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
NAMED_DAYS = 6


@dataclass(frozen=True, slots=True)
class Due:
    """`state` is late, waiting, asleep, contacted or closed.

    Each looks different and says so in words.
    """

    text: str
    state: str
    at: dt.datetime


def describe_due(follow_up: FollowUp, *, now: dt.datetime) -> Due:
    """Say by when the person should hear from us, or that they have, on the active zone's clock."""
    if follow_up.is_closed:
        at = follow_up.closed_at or now
        return Due(date_format(timezone.localtime(at), "j F"), "closed", at)
    if follow_up.snoozed_until and follow_up.snoozed_until > now:
        moment = _say_moment(follow_up.snoozed_until, now)
        return Due(moment, "asleep", follow_up.snoozed_until)
    if not follow_up.awaiting_contact:
        return Due(_("Contacted"), "contacted", follow_up.due_at)
    if follow_up.is_overdue(now):
        return Due(_say_late(now - follow_up.due_at), "late", follow_up.due_at)
    return Due(_say_moment(follow_up.due_at, now), "waiting", follow_up.due_at)


def _say_late(late: dt.timedelta) -> str:
    if late < HOUR:
        minutes = max(1, int(late.total_seconds() // 60))
        return ngettext("%(n)s min late", "%(n)s min late", minutes) % {"n": minutes}
    if late < DAY:
        hours = int(late.total_seconds() // 3600)
        return ngettext("%(n)s h late", "%(n)s h late", hours) % {"n": hours}
    return ngettext("%(n)s day late", "%(n)s days late", late.days) % {"n": late.days}


def _say_moment(moment: dt.datetime, now: dt.datetime) -> str:
    local, today = timezone.localtime(moment), timezone.localtime(now).date()
    days = (local.date() - today).days
    clock = date_format(local, "H:i")
    if days == 0:
        return _("today %(clock)s") % {"clock": clock}
    if days == 1:
        return _("tomorrow %(clock)s") % {"clock": clock}
    if days <= NAMED_DAYS:
        return date_format(local, "l H:i")
    return date_format(local, "j F H:i")


def say_age(moment: dt.datetime, *, now: dt.datetime) -> str:
    """How long ago something was, in as few signs as will do."""
    age = now - moment
    if age < HOUR:
        return _("%(n)s min") % {"n": max(1, int(age.total_seconds() // 60))}
    if age < DAY:
        return _("%(n)s h") % {"n": int(age.total_seconds() // 3600)}
    return _("%(n)s d") % {"n": age.days}
