"""Reminders of a campaign under way: how many people they may reach, on, off, otherwise."""

from __future__ import annotations

import datetime as dt
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from surveys.campaign_history import Kind, list_changes, note
from surveys.campaigns import CannotMove, PreviewOutdated, lock_campaign
from surveys.history import act_as
from surveys.models import Campaign, Invitation
from surveys.progress import WAITING

if TYPE_CHECKING:
    from npsapp.models import User

State, Reason = Invitation.State, Invitation.Reason
UNDER_WAY = (Campaign.State.RUNNING, Campaign.State.PAUSED)


@dataclass(frozen=True, slots=True)
class Reminded:
    """The reminders of a campaign, by what became of them; none of them asks anybody new."""

    sent: int
    waiting: int
    skipped: int
    failed: int
    unknown: int
    answered: int  # people who answered after one

    @property
    def total(self) -> int:
        return self.sent + self.waiting + self.skipped + self.failed + self.unknown


def count_reminders(campaign: Campaign) -> Reminded:
    rows = campaign.invitations.filter(sequence__gt=0)
    counts = {
        state: rows.filter(state__in=states).count()
        for state, states in {
            "sent": (State.SENT,),
            "waiting": WAITING,
            "skipped": (State.SKIPPED,),
            "failed": (State.FAILED,),
            "unknown": (State.UNKNOWN,),
        }.items()
    }
    helped = rows.filter(sent_at__isnull=False, first__answered_at__gte=F("sent_at"))
    return Reminded(**counts, answered=helped.values("first").distinct().count())


def count_remindable(campaign: Campaign) -> int:
    """How many people could still get a reminder: asked or about to be, and not heard of."""
    asked = Q(state=State.SENT) | Q(state__in=WAITING)
    return (
        campaign.invitations.filter(asked, sequence=0, answered_at=None, contact__isnull=False)
        .exclude(delivery_status__in=["bounced", "complained"])
        .count()
    )


@transaction.atomic
def change_reminders(
    campaign: Campaign,
    *,
    reminders: int,
    after_days: int,
    previewed: int,
    by: User | None = None,
    now: dt.datetime,
) -> None:
    """Switch reminders on, off or to other terms while the campaign is under way.

    What waits is taken back, a claimed one too: its worker's intent finds the row changed. Under
    the new terms it is planned anew. `previewed` is the number of people that the manager saw.
    """
    locked = lock_campaign(campaign)
    if locked.state not in UNDER_WAY:
        raise CannotMove(_("Only a campaign under way can change its reminders."))
    if reminders and count_remindable(locked) > previewed:
        raise PreviewOutdated(
            _("More people could be reminded than you saw. Look at the number again.")
        )
    if (locked.reminders, locked.reminder_after_days) == (reminders, after_days):
        return
    act_as(by)
    locked.invitations.filter(
        sequence__gt=0, state__in=[State.SCHEDULED, State.CLAIMED]
    ).update(
        state=State.SKIPPED,
        reason=Reason.REMINDERS_OFF,
        skipped_at=now,
        claim_token=None,
        lease_until=None,
    )  # fmt: skip
    before, fields = copy(locked), ["reminders", "reminder_after_days"]
    locked.reminders, locked.reminder_after_days = reminders, after_days
    locked.save(update_fields=fields)
    note(locked, Kind.CHANGED, at=now, by=by, changes=list_changes(before, locked, fields))
