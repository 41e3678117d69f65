"""Reminders to who has not answered: planned for today only, in the room that first mails leave.

A reminder is due some days after the mail before it, at the same time of day. Every pass looks at
the day that is open: what falls due in it is written down, as far as the daily limit leaves room,
the longest due first; the rest is looked at again on the next open day. So a reminder never takes
the place of a first mail, an answer stops it as long as possible, and no plan has to be redrawn.

They may leave after the window as well (`Campaign.last_reminder_day`): who was asked on its last
day is reminded like everybody else.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q

from surveys.models import (
    Campaign,
    Contact,
    Heartbeat,
    Invitation,
    Suppression,
    get_organisation,
)
from surveys.planning.calendar import Slot, moment_of
from surveys.planning.limits import limit_of_day
from surveys.planning.openings import list_openings
from surveys.planning.plan import Plan

State, Reason = Invitation.State, Invitation.Reason

DOUBTED = "reminders in doubt"

_TABLE = Invitation._meta.db_table
# Who may be reminded by `due_at` or later. Only a mail that is known to have left has a reminder:
# one that failed, was skipped or is in doubt ends the row of them. What was taken back because
# reminders were switched off may be planned anew.
_DUE = f"""
    due AS (
        SELECT first.id AS first_id, first.contact_id, first.occasion, first.stratum,
               first.order_key, contact.address_hash, last.sequence + 1 AS sequence,
               moment.due_at
          FROM {_TABLE} AS last
          JOIN {_TABLE} AS first ON first.id = COALESCE(last.first_id, last.id)
          JOIN {Contact._meta.db_table} AS contact ON contact.id = first.contact_id
         CROSS JOIN LATERAL (
               SELECT (last.sent_at AT TIME ZONE %(zone)s + make_interval(days => %(days)s))
                      AT TIME ZONE %(zone)s AS due_at
               ) AS moment
         WHERE last.campaign_id = %(campaign)s AND last.state = 'sent'
           AND last.sent_at IS NOT NULL AND last.sequence < %(reminders)s
           AND last.delivery_status NOT IN ('bounced', 'complained')
           AND first.answered_at IS NULL
           AND (%(doubted)s::timestamptz IS NULL OR moment.due_at > %(doubted)s)
           AND contact.email <> '' AND contact.address_hash <> ''
           AND NOT EXISTS (
               SELECT FROM {Suppression._meta.db_table} AS suppression
                WHERE suppression.address_hash = contact.address_hash
           )
           AND NOT EXISTS (
               SELECT FROM {_TABLE} AS next
                WHERE next.first_id = first.id AND next.sequence > last.sequence
                  AND NOT (next.state = 'skipped' AND next.reason = 'reminders_off')
           )
    )
"""  # noqa: S608 - tables of ours
_WRITTEN = (
    "campaign_id", "contact_id", "occasion", "sequence", "first_id", "address_hash", "stratum",
    "order_key", "state", "scheduled_for", "not_after", "message_key",
)  # fmt: skip
_WRITE = f"""
    WITH {_DUE},
    chosen AS (
        SELECT due.*, row_number() OVER (ORDER BY due_at, first_id) - 1 AS position
          FROM due WHERE due_at < %(end)s
         ORDER BY due_at, first_id LIMIT %(room)s
    ),
    placed AS (
        SELECT chosen.*,
               GREATEST(due_at, %(start)s::timestamptz
                        + position * (%(end)s::timestamptz - %(start)s::timestamptz)
                          / (SELECT count(*) FROM chosen)) AS scheduled_for
          FROM chosen
    )
    INSERT INTO {_TABLE} ({{columns}})
    SELECT %(campaign)s, contact_id, occasion, sequence, first_id, address_hash, stratum,
           order_key, 'scheduled', scheduled_for, %(not_after)s, gen_random_uuid(), {{defaults}}
      FROM placed ORDER BY position
        ON CONFLICT (campaign_id, contact_id, occasion, sequence) DO UPDATE
       SET state = 'scheduled', reason = '', skipped_at = NULL, claims = 0, retries = 0,
           scheduled_for = excluded.scheduled_for, not_after = excluded.not_after,
           address_hash = excluded.address_hash
     WHERE {_TABLE}.state = 'skipped' AND {_TABLE}.reason = 'reminders_off'
"""  # noqa: S608


@transaction.atomic
def plan_reminders(campaign: Campaign, *, now: dt.datetime) -> int:
    """Plan the reminders of today; return how many. Harmless when done twice, or twice at once."""
    locked = Campaign.objects.select_for_update(of=("self",)).select_related("sender")
    campaign = locked.get(pk=campaign.pk)
    if campaign.state != Campaign.State.RUNNING or not campaign.reminders:
        return 0
    if campaign.sender.held_until and campaign.sender.held_until > now:
        return 0
    zone = get_organisation().zone
    slot = _find_open(campaign, zone, now)
    if slot is None:
        return 0
    room = _count_room(campaign, zone, slot)
    if room == 0:
        return 0
    values = {
        "start": slot.start, "end": slot.end, "room": room, "not_after": find_close(campaign, zone),
    }  # fmt: skip
    defaults = _column_defaults()
    statement = _WRITE.format(
        columns=", ".join([*_WRITTEN, *defaults]),
        defaults=", ".join(f"%({column})s" for column in defaults),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, _terms(campaign, zone) | values | defaults)
        return int(cursor.rowcount)


def may_remind(campaign: Campaign, *, now: dt.datetime) -> bool:
    """Whether a reminder may still fall due: then a campaign with nothing to send is not over."""
    zone = get_organisation().zone
    close = find_close(campaign, zone)
    if not campaign.reminders or close <= now:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {_DUE} SELECT EXISTS (SELECT FROM due WHERE due_at < %(close)s)",  # noqa: S608
            _terms(campaign, zone) | {"close": close},
        )
        (found,) = cursor.fetchone()
    return bool(found)


def find_close(campaign: Campaign, zone: ZoneInfo) -> dt.datetime:
    """When the last reminder may leave."""
    return moment_of(campaign.last_reminder_day + dt.timedelta(days=1), dt.time.min, zone)


def doubt_reminders(*, until: dt.datetime) -> None:
    """After a restore: what fell due by then may have left, and the rows do not know of it.

    Nobody gets such a reminder again, and so no later one either.
    """
    Heartbeat.objects.update_or_create(name=DOUBTED, defaults={"seen_at": until})


def bound_reminders(campaign: Campaign, plan: Plan) -> int:
    """Return how many reminders a launch may lead to at most, should nobody answer."""
    most = plan.mails * campaign.reminders
    if campaign.daily_limit is None or not most:
        return most
    days = list_openings(
        campaign, get_organisation(), not_before=plan.now, last=campaign.last_reminder_day
    )
    return max(0, min(most, campaign.daily_limit * len(days) - plan.mails))


def _find_open(campaign: Campaign, zone: ZoneInfo, now: dt.datetime) -> Slot | None:
    """What is left of today's open time; None while it is closed."""
    today = now.astimezone(zone).date()
    if today > campaign.last_reminder_day:
        return None
    slots = list_openings(campaign, get_organisation(), not_before=now, last=today)
    return slots[0] if slots and slots[0].start <= now else None


def _count_room(campaign: Campaign, zone: ZoneInfo, slot: Slot) -> int | None:
    """Today's limit less all that left today, may have left, or is to leave today; None: any."""
    limit = limit_of_day(campaign, get_organisation(), slot.day)
    if limit is None:
        return None
    midnight = moment_of(slot.day, dt.time.min, zone)
    tomorrow = moment_of(slot.day + dt.timedelta(days=1), dt.time.min, zone)
    used = campaign.invitations.filter(
        Q(sent_at__gte=midnight)
        | Q(unknown_since__gte=midnight)
        | Q(state__in=[State.CLAIMED, State.SENDING])
        | Q(state=State.SCHEDULED, scheduled_for__lt=tomorrow)
    ).count()
    return max(0, limit - used)


def _terms(campaign: Campaign, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "campaign": campaign.pk,
        "reminders": campaign.reminders,
        "days": campaign.reminder_after_days,
        "zone": zone.key,
        "doubted": Heartbeat.objects.filter(name=DOUBTED).values_list("seen_at", flat=True).first(),
    }


def _column_defaults() -> dict[str, Any]:
    return {
        field.column: field.get_db_prep_save(field.get_default(), connection)
        for field in Invitation._meta.concrete_fields
        if field.column and not field.primary_key and field.column not in _WRITTEN
    }
