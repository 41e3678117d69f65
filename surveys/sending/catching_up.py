"""After an outage: what is overdue leaves a little faster than planned, not all at once."""

from __future__ import annotations

import datetime as dt

from django.db.models import Min, Q

from surveys.models import Campaign, Invitation, Organisation
from surveys.planning.calendar import Slot
from surveys.planning.openings import list_openings
from surveys.sending.ledger import State

BEHIND = dt.timedelta(minutes=2)  # what waits for longer is overdue
FASTER = 1.5
_SPAN = dt.timedelta(minutes=5)
_AT_LEAST = 2  # in a span: a few people need no spreading
_SHORTEST = dt.timedelta(minutes=10)


def left_to_catch_up(
    campaign: Campaign, organisation: Organisation, slot: Slot, *, now: dt.datetime
) -> int:
    """How many mails of a campaign that is behind may leave now: 1.5 times its plan's pace."""
    rows = Invitation.objects.filter(campaign=campaign)
    recent = rows.filter(
        Q(sent_at__gt=now - _SPAN)
        | Q(state=State.SENDING, intent_at__gt=now - _SPAN)
        | Q(state=State.CLAIMED)
    )
    pace = _planned_pace(campaign, organisation, slot, now)
    return max(0, max(_AT_LEAST, int(FASTER * pace * _SPAN.total_seconds())) - recent.count())


def _planned_pace(
    campaign: Campaign, organisation: Organisation, slot: Slot, now: dt.datetime
) -> float:
    """Mails a second: of the rest of the day, or of the time when the overdue were to leave."""
    waiting = Invitation.objects.filter(campaign=campaign, state=State.SCHEDULED)
    ahead = waiting.filter(scheduled_for__gt=now, scheduled_for__lt=slot.end).count()
    overdue = waiting.filter(scheduled_for__lte=now)
    oldest = overdue.aggregate(oldest=Min("scheduled_for"))["oldest"] or now
    open_time = dt.timedelta()
    for opening in list_openings(campaign, organisation, not_before=oldest):
        open_time += max(dt.timedelta(), min(opening.end, now) - opening.start)
    return max(
        ahead / max(slot.end - now, _SHORTEST).total_seconds(),
        overdue.count() / max(open_time, _SHORTEST).total_seconds(),
    )
