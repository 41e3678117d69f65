"""Reminders to who has not answered: planned for today only, in the room that first mails leave.

A reminder is due some days after the mail before it, at the same time of day. Every pass looks at
the day that is open: what falls due in it is written down, as far as the daily limit leaves room,
the longest due first; the rest is looked at again on the next open day. So a reminder never takes
the place of a first mail, an answer stops it as long as possible, and no plan has to be redrawn.

They may leave after the window as well (`Campaign.last_reminder_day`): who was asked on its last
day is reminded like everybody else. By the recipients' clock it is their day, and their open hours.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q

from surveys.models import (
    Campaign,
    Contact,
    Heartbeat,
    Invitation,
    Organisation,
    Suppression,
    get_organisation,
)
from surveys.planning.calendar import Hours, Slot, moment_of
from surveys.planning.limits import limit_of_day
from surveys.planning.openings import Clock, hours_of, list_openings, list_zones
from surveys.planning.overview import Plan
from surveys.planning.sharing import room_today, take_turn
from surveys.planning.writing import column_defaults

State, Reason = Invitation.State, Invitation.Reason

DOUBTED = "reminders in doubt"

_DAY = dt.timedelta(days=1)

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
           AND (contact.time_zone = ANY(%(zones)s::text[])) = %(only_these)s
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


@dataclass(frozen=True, slots=True)
class _Group:
    """Those who have the same day now: `slot` is what is left of its open time.

    They are the people of the time zones of that name, or else all others.
    """

    zone: ZoneInfo
    slot: Slot
    zones: tuple[str, ...]
    only_these: bool


@transaction.atomic
def plan_reminders(campaign: Campaign, *, now: dt.datetime) -> int:
    """Plan the reminders of today; return how many. Harmless when done twice, or twice at once."""
    take_turn()
    locked = Campaign.objects.select_for_update(of=("self",)).select_related("sender")
    campaign = locked.get(pk=campaign.pk)
    if campaign.state != Campaign.State.RUNNING or not campaign.reminders:
        return 0
    if campaign.sender.held_until and campaign.sender.held_until > now:
        return 0
    groups = _list_open_groups(campaign, get_organisation(), now)
    return sum(_plan_group(campaign, group, now=now) for group in groups)


def _plan_group(campaign: Campaign, group: _Group, *, now: dt.datetime) -> int:
    room = _count_room(campaign, group, now=now)
    if room == 0:
        return 0
    values = {
        "start": group.slot.start,
        "end": group.slot.end,
        "room": room,
        "not_after": find_close(campaign, group.zone),
    }
    defaults = column_defaults(_WRITTEN)
    statement = _WRITE.format(
        columns=", ".join([*_WRITTEN, *defaults]),
        defaults=", ".join(f"%({column})s" for column in defaults),
    )
    terms = _terms(campaign, group.zone) | {"zones": [*group.zones], "only_these": group.only_these}
    with connection.cursor() as cursor:
        cursor.execute(statement, terms | values | defaults)
        return int(cursor.rowcount)


def may_remind(campaign: Campaign, *, now: dt.datetime) -> bool:
    """Whether a reminder may still fall due: then a campaign with nothing to send is not over."""
    zone = get_organisation().zone
    zones = [zone, *_list_own_zones(campaign)]
    close = max(find_close(campaign, each) for each in zones)
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
    """When the last reminder may leave by the clock of a time zone."""
    return moment_of(campaign.last_reminder_day + dt.timedelta(days=1), dt.time.min, zone)


def move_close(campaign: Campaign) -> None:
    """Bind the reminders that wait to the window as it is now. Their times stay."""
    waiting = campaign.invitations.filter(
        sequence__gt=0, state__in=[State.SCHEDULED, State.CLAIMED]
    )
    zones = _list_own_zones(campaign)
    others = waiting.exclude(contact__time_zone__in=[zone.key for zone in zones])
    others.update(not_after=find_close(campaign, get_organisation().zone))
    for zone in zones:
        theirs = waiting.filter(contact__time_zone=zone.key)
        theirs.update(not_after=find_close(campaign, zone))


def doubt_reminders(*, until: dt.datetime) -> None:
    """After a restore: what fell due by then may have left, and the rows do not know of it.

    Nobody gets such a reminder again, and so no later one either.
    """
    Heartbeat.objects.update_or_create(name=DOUBTED, defaults={"seen_at": until})


def bound_reminders(campaign: Campaign, plan: Plan) -> int:
    """Return how many reminders a launch may lead to at most, should nobody answer."""
    most = plan.mails * campaign.reminders
    limits = [limit for limit in (campaign.daily_limit, campaign.sender.daily_limit) if limit]
    if not limits or not most:
        return most
    days = list_openings(
        campaign, get_organisation(), not_before=plan.now, last=campaign.last_reminder_day
    )
    return max(0, min(most, min(limits) * len(days) - plan.mails))


def _list_open_groups(
    campaign: Campaign, organisation: Organisation, now: dt.datetime
) -> list[_Group]:
    """Return for whom it is open now. Time zones that have the same day are one group."""
    own = organisation.zone
    today = now.astimezone(own).date()
    # Somewhere on earth it is yesterday or tomorrow already.
    hours = hours_of(campaign, organisation, zone=own, first=today - _DAY, last=today + _DAY)
    zones = _list_own_zones(campaign)
    groups = []
    if slot := _find_open(campaign, hours, now):
        groups.append(_Group(own, slot, tuple(zone.key for zone in zones), only_these=False))
    same: dict[Any, list[ZoneInfo]] = defaultdict(list)
    before = now - dt.timedelta(days=campaign.reminder_after_days)
    for zone in zones:
        if slot := _find_open(campaign, replace(hours, zone=zone), now):
            same[slot, before.astimezone(zone).utcoffset()].append(zone)
    for (slot, _), theirs in same.items():
        groups.append(_Group(theirs[0], slot, tuple(zone.key for zone in theirs), only_these=True))
    return groups


def _list_own_zones(campaign: Campaign) -> list[ZoneInfo]:
    """By the recipients' clock: the time zones that they have beside the organisation's.

    One that the database does not know counts as the organisation's.
    """
    if campaign.clock == Clock.ORGANISATION:
        return []
    return [zone for zone in list_zones() if _is_known_to_database(zone.key)]


@cache
def _is_known_to_database(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = %s)", [name])
        return bool(cursor.fetchone()[0])


def _find_open(campaign: Campaign, hours: Hours, now: dt.datetime) -> Slot | None:
    """What is left of today's open time; None while it is closed."""
    today = now.astimezone(hours.zone).date()
    slot = hours.slot(today)
    if slot is None or not campaign.first_day <= today <= campaign.last_reminder_day:
        return None
    return Slot(today, now, slot.end) if slot.start <= now < slot.end else None


def _count_room(campaign: Campaign, group: _Group, *, now: dt.datetime) -> int | None:
    """Today's limit less all that left today, may have left, or is to leave today; None: any.

    The sender's limit too, less the mails of all its campaigns: first mails go before reminders.
    """
    organisation, slot = get_organisation(), group.slot
    today = now.astimezone(organisation.zone).date()
    rooms = [room_today(campaign.sender, organisation, today=today)]
    limit = limit_of_day(campaign, organisation, slot.day)
    if limit is not None:
        midnight = moment_of(slot.day, dt.time.min, group.zone)
        tomorrow = moment_of(slot.day + _DAY, dt.time.min, group.zone)
        used = campaign.invitations.filter(
            Q(sent_at__gte=midnight)
            | Q(unknown_since__gte=midnight)
            | Q(state__in=[State.CLAIMED, State.SENDING])
            | Q(state=State.SCHEDULED, scheduled_for__lt=tomorrow)
        ).count()
        rooms.append(max(0, limit - used))
    return min((room for room in rooms if room is not None), default=None)


def _terms(campaign: Campaign, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "campaign": campaign.pk,
        "reminders": campaign.reminders,
        "days": campaign.reminder_after_days,
        "zone": zone.key,
        "zones": [],
        "only_these": False,
        "doubted": Heartbeat.objects.filter(name=DOUBTED).values_list("seen_at", flat=True).first(),
    }
