"""The contact frequency rule: after being asked, a person is left in peace for some days.

It holds across all surveys. An ask is an invitation that left, that may have left, or that another
campaign has planned; its reminders belong to it and are no asks of their own. Whoever has the same
address is the same person, and so is a contact whose address was changed.

A survey may have days of its own, or ignore the rule: then nobody rests before it. What it asks
itself counts for the others all the same.
"""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from surveys.models import Contact, Invitation, Organisation, Survey, get_organisation

Rest = Survey.Rest
State = Invitation.State

# Whoever holds one of these has been asked, or may have been.
HANDED_OVER = (State.SENDING, State.SENT, State.UNKNOWN)
PLANNED = (State.SCHEDULED, State.CLAIMED)


def rest_before(survey: Survey, organisation: Organisation) -> dt.timedelta:
    """Return how long somebody must have rested before this survey asks them."""
    match survey.rest_rule:
        case Rest.IGNORE:
            days = 0
        case Rest.OWN:
            days = survey.rest_days or 0
        case _:
            days = organisation.rest_days
    return dt.timedelta(days=days)


def describe_rest(survey: Survey, organisation: Organisation) -> str:
    """Say in a sentence what the rule means for a survey."""
    if survey.rest_rule == Rest.IGNORE:
        return _("This survey ignores the contact frequency rule.")
    days = rest_before(survey, organisation).days
    if not days:
        return _("There is no contact frequency rule.")
    text = ngettext(
        "Who was asked anything less than %(days)d day ago rests, whichever survey it was.",
        "Who was asked anything less than %(days)d days ago rests, whichever survey it was.",
        days,
    )
    return text % {"days": days}


def find_rest(person: Contact, *, now: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    """Return when a person was last asked and until when they rest for it by the rule of all
    surveys; None when they do not rest now."""
    rest = dt.timedelta(days=get_organisation().rest_days)
    asked = Invitation.objects.filter(sequence=0, state__in=HANDED_OVER)
    same = asked.filter(contact=person)
    if person.address_hash:
        same |= asked.filter(address_hash=person.address_hash)
    moments = [
        row.sent_at or row.intent_at or row.unknown_since or row.scheduled_for or now
        for row in same
    ]
    if not moments or max(moments) + rest <= now:
        return None
    return max(moments), max(moments) + rest
