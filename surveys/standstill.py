"""Stopping all mail of the installation with one button, and letting it go again."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef

from surveys.models import Campaign, Invitation, Organisation
from surveys.nudging import nudge
from surveys.planning.plan import Plan, redraw_plan
from surveys.replanning import let_go_on

if TYPE_CHECKING:
    from npsapp.models import User


def stop_all(*, user: User, now: dt.datetime) -> bool:
    """Let nothing leave any more; return whether something still left before."""
    running = Organisation.objects.filter(pk=1, sending_stopped_at=None)
    return bool(running.update(sending_stopped_at=now, sending_stopped_by=user))


@transaction.atomic
def let_go(*, by: User | None = None, now: dt.datetime) -> bool:
    """Let mail leave again; return whether it was stopped.

    What has become due meanwhile would leave in one heap. So its campaigns are first spread over
    what is left of their windows, in the same transaction: no worker is quicker.
    """
    organisation = Organisation.objects.select_for_update().filter(pk=1).first()
    if organisation is None or organisation.sending_stopped_at is None:
        return False
    for campaign in list_overdue(now=now):
        let_go_on(campaign, by=by, now=now)
    organisation.sending_stopped_at = organisation.sending_stopped_by = None
    organisation.save(update_fields=["sending_stopped_at", "sending_stopped_by"])
    from surveys.tasks import send_due  # tasks.py is a leaf: only this nudge looks back at it

    nudge(send_due)
    return True


def list_overdue(*, now: dt.datetime) -> list[Campaign]:
    """The running campaigns of which a mail should have left by now."""
    due = Invitation.objects.filter(
        campaign=OuterRef("pk"), state=Invitation.State.SCHEDULED, scheduled_for__lte=now
    )
    found = Campaign.objects.running().filter(Exists(due)).select_related("survey", "sender")
    return list(found.order_by("pk"))


def look_ahead(*, now: dt.datetime) -> list[tuple[Campaign, Plan]]:
    """What letting go would make of the campaigns that are behind. Writes nothing."""
    return [(campaign, redraw_plan(campaign, now=now)) for campaign in list_overdue(now=now)]
