"""One person: who they are, what they were asked and answered, and why not when they were not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from closeloop.models import FollowUp
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.models import Response
from surveys.access import get_contact
from surveys.explaining import explain_skip, say_day
from surveys.history import Step, read_histories
from surveys.models import Campaign, Contact, Invitation, Suppression
from surveys.properties import name_properties
from surveys.resting import find_rest
from surveys.sparing import may_hold, may_let_go
from surveys.suppressing import list_removals

Status = Invitation.DeliveryStatus


@dataclass(frozen=True, slots=True)
class Asked:
    """An invitation and what became of it, in a sentence."""

    invitation: Invitation
    sentence: str
    was_sent: bool
    history: list[Step]
    may_hold: bool
    may_let_go: bool


@requires(Role.AGENT)
@require_safe
def contact(request: StaffRequest, pk: int) -> HttpResponse:
    person, now = get_contact(pk), timezone.now()
    suppressions = list_suppressions(person)
    invitations = list_invitations(person)
    follow_ups = FollowUp.objects.filter(response__contact=person)
    context: dict[str, Any] = {
        "person": person,
        "language": name_language(person.language),
        "properties": name_properties(person.properties),
        "suppressions": suppressions,
        "obstacle": find_obstacle(person, suppressions, invitations, now=now),
        "removals": list_removals(person.address_hash) if person.address_hash else [],
        "asked": invitations,
        "responses": Response.objects.filter(contact=person).select_related("survey"),
        "follow_ups": [
            (follow_up, follow_up.is_overdue(now))
            for follow_up in follow_ups.select_related("owner", "response__survey").order_by("-pk")
        ],
        "may_manage": request.user.may(Role.MANAGER),
    }
    return render(request, "contacts/person.html", context)


def name_language(code: str) -> str:
    try:
        return _(get_language_info(code)["name"]) if code else ""
    except KeyError:
        return code


def list_suppressions(person: Contact) -> list[Suppression]:
    if not person.address_hash:
        return []
    return list(Suppression.objects.filter(address_hash=person.address_hash).order_by("scope"))


def list_invitations(person: Contact) -> list[Asked]:
    """Return every mail that was to go to the person, the newest first."""
    found = list(
        person.invitations.select_related("campaign__survey").order_by("-campaign_id", "-pk")
    )
    histories = read_histories(found)
    return [
        Asked(
            invitation,
            describe(invitation),
            was_sent=invitation.state == Invitation.State.SENT,
            history=histories[invitation.pk],
            may_hold=may_hold(invitation),
            may_let_go=may_let_go(invitation),
        )
        for invitation in found
    ]


def describe(invitation: Invitation) -> str:
    """Say what became of a mail; of one that was not sent also why."""
    state = Invitation.State(invitation.state)
    reason = invitation.get_reason_display()
    if state == Invitation.State.SENT:
        if invitation.sequence and invitation.sent_at:
            return _("Reminded on %(day)s") % {"day": say_day(invitation.sent_at)}
        if invitation.answered_at:
            return _("Answered on %(day)s") % {"day": say_day(invitation.answered_at)}
        return _describe_delivery(invitation) or _describe_unanswered(invitation)
    if state == Invitation.State.SKIPPED:
        return explain_skip(invitation)
    if state == Invitation.State.FAILED:
        return _("Could not be sent: %(reason)s") % {"reason": reason or invitation.detail}
    if state == Invitation.State.UNKNOWN:
        return _("Perhaps sent: %(reason)s") % {"reason": reason or _("reason unknown")}
    if invitation.campaign.state == Campaign.State.PAUSED:
        return _("Waits: the campaign is paused")
    if invitation.scheduled_for and invitation.rests_until:
        days = {"day": say_day(invitation.scheduled_for), "rest": say_day(invitation.rests_until)}
        return _("Will be sent on %(day)s; was asked not long ago and rests until %(rest)s") % days
    if invitation.scheduled_for:
        return _("Will be sent on %(day)s") % {"day": say_day(invitation.scheduled_for)}
    return _("Will be sent")


def _describe_delivery(invitation: Invitation) -> str:
    """What the mail service told of a mail that did not get through, or was unwelcome."""
    match invitation.delivery_status:
        case Status.BOUNCED:
            return _("Sent and returned: the address does not work")
        case Status.SOFT_BOUNCED:
            return _("Sent and returned: their mailbox takes no mail for the moment")
        case Status.BLOCKED:
            return _("Sent and blocked: their mail server did not want it from us")
        case Status.COMPLAINED:
            return _("Sent and marked as spam by the receiver")
        case Status.DEFERRED:
            return _("Sent, and delayed by their mail server")
    return ""


def _describe_unanswered(invitation: Invitation) -> str:
    if not invitation.sent_at:
        return _("Sent, not answered")
    day = {"day": say_day(invitation.sent_at)}
    if invitation.delivery_status == Status.DELIVERED:
        return _("Sent on %(day)s and delivered, not answered") % day
    if invitation.campaign.state in {Campaign.State.RUNNING, Campaign.State.PAUSED}:
        return _("Sent on %(day)s, not answered yet") % day
    return _("Sent on %(day)s, not answered") % day


def find_obstacle(
    person: Contact,
    suppressions: list[Suppression],
    invitations: list[Asked],
    *,
    now: dt.datetime,
) -> str:
    """Say why this person is not asked, when something of their own stands in the way."""
    if not person.email:
        return _("Cannot be asked: there is no e-mail address.")
    if suppressions:
        first = suppressions[0]
        return _("Will not be asked: %(reason)s on %(day)s.") % {
            "reason": first.get_reason_display().lower(),
            "day": say_day(first.created_at),
        }
    if rest := find_rest(person, now=now):
        asked_at, rests_until = map(say_day, rest)
        return _(
            "Rests until %(day)s by the contact frequency rule: was asked on %(asked)s. Surveys "
            "that make an exception may ask earlier."
        ) % {"day": rests_until, "asked": asked_at}
    if not invitations:
        return _("Was not in the audience of any campaign so far.")
    return ""
