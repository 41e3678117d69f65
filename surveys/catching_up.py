"""After a standstill: what is overdue leaves gently, or is planned anew when it is too much.

Mail that was due while nothing could send would otherwise leave all at once. Up to one day's worth
is put between the mails that are planned anyway, so that half as many again leave as on any day.
More than that is spread over what is left of the window, and the campaign's history says so.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from itertools import islice

from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from surveys.campaigns import lock_campaign, take_turn
from surveys.history import Kind, note
from surveys.models import Campaign, Invitation, get_organisation
from surveys.planning.calendar import MICROSECOND, Slot
from surveys.planning.openings import list_openings
from surveys.replanning import draw_replan, write_replan
from surveys.sending.claim import FRESH
from surveys.sending.ledger import free

logger = logging.getLogger(__name__)

State = Invitation.State

_EASE = f"""
    UPDATE {Invitation._meta.db_table} AS row
       SET scheduled_for = eased.moment
      FROM (
        SELECT waiting.id, moments.moment
          FROM (
            SELECT id, row_number() OVER (ORDER BY scheduled_for, id) AS place
              FROM {Invitation._meta.db_table}
             WHERE campaign_id = %s AND state = 'scheduled' AND scheduled_for < %s
          ) AS waiting
          JOIN unnest(%s::timestamptz[]) WITH ORDINALITY AS moments (moment, place)
            ON moments.place = waiting.place
      ) AS eased
     WHERE row.id = eased.id AND row.state = 'scheduled'
"""  # noqa: S608 - a table of ours


def catch_up(*, now: dt.datetime) -> int:
    """See to every running campaign with mail overdue; return how many were planned anew.

    One whose sender is held is left alone: what it waits for is not time.
    """
    overdue = Invitation.objects.filter(
        campaign=OuterRef("pk"), state=State.SCHEDULED, scheduled_for__lt=now - FRESH
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
    slots = list_openings(locked, get_organisation(), not_before=now)
    if not slots:
        return False  # finish_campaigns skips them
    if overdue > quota:
        return _replan(locked, overdue, now=now)
    if locked.clock == Campaign.Clock.RECIPIENT:
        return False  # each has hours of their own; the few leave in theirs, as they stand
    # A day's open time, not what is left of today's.
    day = max(slot.length for slot in slots)
    step = day // quota
    if overdue > 1 and overdue * step > FRESH * 3 / 2:
        _ease(locked, slots, 2 * step, overdue, now=now)
    return False


def count_day(campaign: Campaign) -> int:
    """Return how many mails a day of this campaign has on average, at least one."""
    opening = dt.datetime.combine(campaign.first_day, dt.time.min, dt.UTC) - dt.timedelta(days=1)
    days = len(list_openings(campaign, get_organisation(), not_before=opening))
    mails = campaign.invitations.exclude(state=State.SKIPPED).count()
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


def _ease(
    campaign: Campaign,
    slots: Sequence[Slot],
    step: dt.timedelta,
    overdue: int,
    *,
    now: dt.datetime,
) -> None:
    """Let the overdue leave in their order, one every `step` of the open time from now on."""
    moments = list(islice(_walk(slots, step), overdue))
    with connection.cursor() as cursor:
        cursor.execute(_EASE, [campaign.pk, now - FRESH, moments])


def _walk(slots: Sequence[Slot], step: dt.timedelta) -> Iterator[dt.datetime]:
    """Yield every `step` of the open time. What does not fit keeps its time, and leaves as is."""
    for slot in slots:
        for place in range(-(-(slot.length // MICROSECOND) // (step // MICROSECOND))):
            yield slot.start + place * step


def _find_overdue(campaign: Campaign, now: dt.datetime) -> QuerySet[Invitation]:
    return campaign.invitations.filter(state=State.SCHEDULED, scheduled_for__lt=now - FRESH)
