"""After a standstill: what is overdue is planned anew when it is more than a day's worth.

It is spread over what is left of the window, and the campaign's history says so. Up to a day's
worth keeps its times and leaves gently by itself, see surveys.sending.catching_up.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from surveys.campaign_history import Kind, note
from surveys.campaigns import lock_campaign
from surveys.models import Campaign, Invitation, get_organisation
from surveys.planning.openings import list_openings
from surveys.planning.sharing import take_turn
from surveys.replanning import draw_replan, write_replan
from surveys.sending.claim import FRESH
from surveys.sending.kill_switch import is_stopped
from surveys.sending.ledger import free

logger = logging.getLogger(__name__)

State = Invitation.State


def catch_up(*, now: dt.datetime) -> int:
    """See to every running campaign with mail overdue; return how many were planned anew.

    One whose sender is held is left alone: what it waits for is not time. So are all while sending
    is stopped: who lets it go again sees what becomes of them.
    """
    if is_stopped():
        return 0
    overdue = Invitation.objects.filter(
        campaign=OuterRef("pk"),
        sequence=0,
        state=State.SCHEDULED,
        scheduled_for__lt=now - FRESH,
    )
    behind = Campaign.objects.running().filter(Exists(overdue), free("sender__held_until", now))
    replanned = 0
    for campaign in behind.order_by("pk"):
        try:
            replanned += _catch_up(campaign, now=now)
        except DatabaseError:
            # The mail leaves all the same, only less gently; the next tick tries again.
            logger.exception("Campaign %s could not be planned anew.", campaign.pk)
    return replanned


@transaction.atomic
def _catch_up(campaign: Campaign, *, now: dt.datetime) -> bool:
    """Return whether the campaign was planned anew."""
    take_turn()
    locked = lock_campaign(campaign)
    overdue = _find_overdue(locked, now).count()
    if locked.state != Campaign.State.RUNNING or not overdue:
        return False
    quota = count_day(locked)
    if not list_openings(locked, get_organisation(), not_before=now):
        return False  # finish_campaigns skips them
    return overdue > quota and _replan(locked, overdue, now=now)


def count_day(campaign: Campaign) -> int:
    """Return how many mails a day of this campaign has on average, at least one."""
    opening = dt.datetime.combine(campaign.first_day, dt.time.min, dt.UTC) - dt.timedelta(days=1)
    days = len(list_openings(campaign, get_organisation(), not_before=opening))
    mails = campaign.invitations.filter(sequence=0).exclude(state=State.SKIPPED).count()
    return max(1, -(-mails // max(1, days)))


def _replan(campaign: Campaign, overdue: int, *, now: dt.datetime) -> bool:
    """Spread all that waits anew; only say so when it does not fit: nobody is dropped unasked."""
    replan = draw_replan(campaign, now=now)
    if replan.plan.no_room:
        today = now - dt.timedelta(days=1)
        if not campaign.events.filter(kind=Kind.BEHIND, at__gt=today).exists():
            note(campaign, Kind.BEHIND, at=now, over=replan.plan.no_room, overdue=overdue)
        return False
    write_replan(campaign, replan)
    note(campaign, Kind.CAUGHT_UP, at=now, overdue=overdue, **replan.details)
    logger.warning("Campaign %s: %s mails were overdue; planned anew.", campaign.pk, overdue)
    return True


def _find_overdue(campaign: Campaign, now: dt.datetime) -> QuerySet[Invitation]:
    """First mails only: reminders keep their times."""
    return campaign.invitations.filter(
        sequence=0, state=State.SCHEDULED, scheduled_for__lt=now - FRESH
    )
