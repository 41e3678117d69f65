"""Holding one person of a campaign back for now, and letting them go again."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from surveys.campaign_history import Kind, note
from surveys.campaigns import CannotMove, lock_campaign
from surveys.history import act_as
from surveys.models import Invitation, get_organisation
from surveys.planning.calendar import Slot
from surveys.planning.openings import list_openings, zone_for

if TYPE_CHECKING:
    from npsapp.models import User

State, Reason = Invitation.State, Invitation.Reason

# Multiples of it fall evenly into any stretch of time, however many there come to be.
_GOLDEN = (math.sqrt(5) - 1) / 2


def may_hold(invitation: Invitation) -> bool:
    """Whether a mail still waits, so that somebody can hold it."""
    waits = invitation.state in {State.SCHEDULED, State.CLAIMED}
    return waits and invitation.campaign.is_under_way


def may_let_go(invitation: Invitation) -> bool:
    is_held = invitation.state == State.SKIPPED and invitation.reason == Reason.HELD
    return is_held and invitation.campaign.is_under_way


@transaction.atomic
def hold(invitation: Invitation, *, by: User | None, now: dt.datetime) -> None:
    """Do not ask this person for now. Raises CannotMove when the mail is leaving or has left."""
    campaign = lock_campaign(invitation.campaign)
    if not campaign.is_under_way:
        raise CannotMove(_("This campaign is over."))
    act_as(by)
    held = campaign.invitations.filter(
        pk=invitation.pk, state__in=[State.SCHEDULED, State.CLAIMED]
    ).update(
        state=State.SKIPPED,
        reason=Reason.HELD,
        skipped_at=now,
        claim_token=None,
        lease_until=None,
        claims=0,
    )
    if not held:
        raise CannotMove(_("Too late: this mail no longer waits."))
    note(campaign, Kind.HELD, at=now, by=by, invitation=invitation.pk)


@transaction.atomic
def let_go(invitation: Invitation, *, by: User | None, now: dt.datetime) -> dt.datetime:
    """Ask a held person after all; return when. Their old time, if it still lies ahead.

    Whether they may still be asked (unsubscribed, answered, asked elsewhere) is judged when the
    mail leaves, as of everybody.
    """
    campaign = lock_campaign(invitation.campaign)
    if not campaign.is_under_way:
        raise CannotMove(_("This campaign is over."))
    row = campaign.invitations.select_for_update(of=("self",)).get(pk=invitation.pk)
    organisation = get_organisation()
    zone = zone_for(campaign, organisation, row.contact)
    slots = list_openings(campaign, organisation, not_before=now, zone=zone)
    if not slots:
        raise CannotMove(_("Nothing is left of the window. Make it longer first."))
    moment: dt.datetime | None = row.scheduled_for
    if moment is None or not any(slot.start <= moment < slot.end for slot in slots):
        moment = find_moment(slots, row.pk)
    act_as(by)
    released = campaign.invitations.filter(
        pk=row.pk, state=State.SKIPPED, reason=Reason.HELD
    ).update(
        state=State.SCHEDULED,
        reason=Reason.NONE,
        skipped_at=None,
        scheduled_for=moment,
        not_after=slots[-1].end,
    )
    if not released:
        raise CannotMove(_("This person is not held any more."))
    note(campaign, Kind.LET_GO, at=now, by=by, invitation=row.pk)
    return moment


def find_moment(slots: Sequence[Slot], number: int) -> dt.datetime:
    """Return the moment of a latecomer in the open time: evenly spread for any numbers."""
    total = sum((slot.length for slot in slots), dt.timedelta())
    left = total * (number * _GOLDEN % 1)
    for slot in slots:
        if left < slot.length:
            return slot.start + left
        left -= slot.length
    return slots[-1].start
