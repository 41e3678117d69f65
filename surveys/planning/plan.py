"""The plan of a campaign: looked at before the launch, written at the launch, redrawn afterwards.

Days are computed in Python, rows are chosen, ordered and written by the database in one statement.
Looking and writing read the same relations, so what was previewed is what is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Case, Exists, Expression, OuterRef, Q, TextField, Value, When
from django.db.models.functions import Coalesce, Concat, Left

from surveys.audience import Condition, find_audience, read_segment
from surveys.free_days import find_free_days
from surveys.models import Campaign, Contact, Invitation, Suppression, get_organisation
from surveys.planning.calendar import MICROSECOND, Hours, open_slots
from surveys.planning.order import ORDERED
from surveys.planning.schedule import Batch, spread

State, Reason = Invitation.State, Invitation.Reason

# Columns of an invitation that a plan decides about; every other one gets the model's default.
_WRITTEN = (
    "campaign_id",
    "contact_id",
    "address_hash",
    "stratum",
    "order_key",
    "state",
    "reason",
    "scheduled_for",
    "not_after",
    "message_key",
)

_JUDGED = """
    draw AS (SELECT %s::text AS seed),
    found AS ({audience}),
    judged AS (
        SELECT id, address_hash, stratum,
               CASE WHEN reason = '' AND row_number() OVER (
                        PARTITION BY reason, address_hash ORDER BY id) > 1
                    THEN 'duplicate' ELSE reason END AS reason
          FROM found
    ),
    people AS (SELECT id, address_hash, stratum FROM judged WHERE reason = '')
"""

# `positioned` must be defined before it. Empty `scheduled_for`: no room.
_PLACED = """
    timetable AS (
        SELECT %s::bigint[] AS firsts, %s::timestamptz[] AS starts, %s::bigint[] AS steps,
               %s::bigint AS mails
    ),
    placed AS (
        SELECT positioned.*,
               CASE WHEN position < mails THEN
                   starts[batch]
                   + (position - firsts[batch]) * steps[batch] * interval '1 microsecond'
               END AS scheduled_for
          FROM positioned, timetable, LATERAL width_bucket(position, firsts) AS batch
    )
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many mails leave when, in what is left of the window; who is left out and why."""

    first: dt.date
    last: dt.date
    open_days: frozenset[dt.date]
    closes: dt.datetime | None  # when the window is over; None when nothing of it is left
    batches: tuple[Batch, ...]
    left_out: Mapping[str, int]  # by reason

    @property
    def mails(self) -> int:
        return sum(batch.mails for batch in self.batches)

    @property
    def people(self) -> int:
        """All whom the audience names."""
        return self.mails + sum(self.left_out.values())

    @property
    def no_room(self) -> int:
        return self.left_out.get(Reason.NO_ROOM, 0)

    @property
    def mails_by_day(self) -> dict[dt.date, int]:
        return {batch.slot.day: batch.mails for batch in self.batches}

    @property
    def busiest(self) -> int:
        return max((batch.mails for batch in self.batches), default=0)

    @property
    def first_at(self) -> dt.datetime | None:
        return self.batches[0].slot.start if self.batches else None

    @property
    def first_day(self) -> dt.date | None:
        return self.batches[0].slot.day if self.batches else None

    @property
    def last_day(self) -> dt.date | None:
        return self.batches[-1].slot.day if self.batches else None


def draw_plan(campaign: Campaign, *, now: dt.datetime) -> Plan:
    """Return what a launch at `now` would do. Writes nothing."""
    statement, parameters = _judged(campaign)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {statement} SELECT reason, count(*) FROM judged GROUP BY reason",  # noqa: S608
            parameters,
        )
        counts = dict(cursor.fetchall())
    return _fit(campaign, counts.pop("", 0), counts, {}, now=now)


def write_plan(campaign: Campaign, plan: Plan) -> None:
    """Write one invitation for everybody in the audience, in the order they will be asked.

    Who is left out gets a row too, with the reason, so that their page can tell.
    """
    statement, parameters = _judged(campaign)
    fixed = _column_defaults()
    rows = f"""
        WITH {statement}, positioned AS ({ORDERED}), {_PLACED},
        rows AS (
            SELECT id, address_hash, stratum, order_key, position, scheduled_for,
                   CASE WHEN scheduled_for IS NULL THEN 'no_room' ELSE '' END AS reason
              FROM placed
            UNION ALL
            SELECT id, address_hash, stratum, 0, NULL, NULL, reason FROM judged WHERE reason <> ''
        )
        INSERT INTO {Invitation._meta.db_table} ({", ".join([*_WRITTEN, *fixed])})
        SELECT %s, id, address_hash, stratum, order_key,
               CASE WHEN reason = '' THEN 'scheduled' ELSE 'skipped' END, reason,
               scheduled_for, %s, gen_random_uuid() {", %s" * len(fixed)}
          FROM rows ORDER BY position
    """  # noqa: S608 - table and column names of ours
    with connection.cursor() as cursor:
        cursor.execute(
            rows,
            [*parameters, *_timetable(plan), campaign.pk, plan.closes, *fixed.values()],
        )


def redraw_plan(campaign: Campaign, *, now: dt.datetime) -> Plan:
    """Return how what still waits would be spread over what is left of the window."""
    waiting = campaign.invitations.filter(state=State.SCHEDULED).count()
    zone = get_organisation().zone
    today = now.astimezone(zone).date()
    on_their_way = (
        campaign.invitations.exclude(state__in=[State.SCHEDULED, State.SKIPPED])
        .alias(moment=Coalesce("sent_at", "intent_at", "scheduled_for"))
        .filter(moment__gte=dt.datetime.combine(today, dt.time.min, zone))
    )
    return _fit(campaign, waiting, {}, {today: on_their_way.count()}, now=now)


def rewrite_plan(campaign: Campaign, plan: Plan) -> None:
    """Give those who still wait their new times, in their old order; nobody else is touched."""
    table = Invitation._meta.db_table
    statement = f"""
        WITH positioned AS (
            SELECT id, row_number() OVER (ORDER BY order_key, id) - 1 AS position
              FROM {table} WHERE campaign_id = %s AND state = 'scheduled'
        ), {_PLACED}
        UPDATE {table} AS invitation
           SET scheduled_for = placed.scheduled_for,
               not_after = %s,
               state = CASE WHEN placed.scheduled_for IS NULL THEN 'skipped' ELSE 'scheduled' END,
               reason = CASE WHEN placed.scheduled_for IS NULL THEN 'no_room' ELSE '' END
          FROM placed
         WHERE invitation.id = placed.id AND invitation.state = 'scheduled'
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [campaign.pk, *_timetable(plan), plan.closes])


def list_recipients(
    campaign: Campaign, plan: Plan, *, limit: int, offset: int = 0
) -> list[tuple[Contact, dt.datetime | None]]:
    """Return who a launch would ask, with the moment, in that order."""
    return _list_placed(campaign, plan, offset, min(offset + limit, plan.mails))


def list_left_out(
    campaign: Campaign, plan: Plan, reason: str, *, limit: int, offset: int = 0
) -> list[Contact]:
    """Return whom a launch would leave out for `reason`."""
    if reason == Reason.NO_ROOM:
        start = plan.mails + offset
        return [contact for contact, _ in _list_placed(campaign, plan, start, start + limit)]
    statement, parameters = _judged(campaign)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {statement} SELECT id FROM judged WHERE reason = %s "  # noqa: S608
            "ORDER BY id LIMIT %s OFFSET %s",
            [*parameters, reason, limit, offset],
        )
        keys = [key for (key,) in cursor.fetchall()]
    contacts = Contact.objects.select_related("account").in_bulk(keys)
    return [contacts[key] for key in keys if key in contacts]


def _fit(
    campaign: Campaign,
    count: int,
    left_out: Mapping[str, int],
    already: Mapping[dt.date, int],
    *,
    now: dt.datetime,
) -> Plan:
    organisation = get_organisation()
    zone = organisation.zone
    first = max(campaign.first_day, now.astimezone(zone).date())
    hours = Hours(
        zone,
        frozenset(campaign.weekdays),
        campaign.day_start,
        campaign.day_end,
        find_free_days(organisation, first=first, last=campaign.last_day),
    )
    slots = list(open_slots(hours, first=first, last=campaign.last_day, not_before=now))
    batches = spread(count, slots, daily_limit=campaign.daily_limit, already=already)
    no_room = count - sum(batch.mails for batch in batches)
    return Plan(
        first=first,
        last=campaign.last_day,
        open_days=frozenset(slot.day for slot in slots),
        closes=slots[-1].end if slots else None,
        batches=tuple(batches),
        left_out={**left_out, Reason.NO_ROOM.value: no_room} if no_room else left_out,
    )


def _judged(campaign: Campaign) -> tuple[str, list[Any]]:
    """Return the relations that say who is in the audience, in which stratum, and why not asked."""
    conditions = [Condition.from_json(stored) for stored in campaign.audience]
    blocked = Suppression.objects.filter(address_hash=OuterRef("address_hash"))
    contacts = find_audience(conditions).annotate(
        stratum=_stratum(campaign.strata),
        reason=Case(
            # Without its hash an address cannot be compared with those we must not write to.
            When(Q(email="") | Q(address_hash=""), then=Value(Reason.NO_ADDRESS.value)),
            When(Exists(blocked), then=Value(Reason.SUPPRESSED.value)),
            default=Value(Reason.NONE.value),
            output_field=TextField(),
        ),
    )
    found = contacts.order_by().values("id", "address_hash", "stratum", "reason")
    audience, parameters = found.query.sql_with_params()
    return _JUDGED.format(audience=audience), [campaign.seed, *parameters]


def _stratum(keys: list[str]) -> Expression:
    if not keys:
        return Value("", output_field=TextField())
    values: list[Expression] = []
    for key in keys:
        values += [Value(" · "), read_segment(key)] if values else [read_segment(key)]
    # Cut to the column's length: strata that differ only beyond it are one.
    return Left(Concat(*values, output_field=TextField()) if values[1:] else values[0], 200)


def _timetable(plan: Plan) -> list[Any]:
    firsts, starts, steps, position = [], [], [], 0
    for batch in plan.batches:
        firsts.append(position)
        starts.append(batch.slot.start)
        steps.append(batch.step // MICROSECOND)
        position += batch.mails
    return [firsts, starts, steps, position]


def _column_defaults() -> dict[str, Any]:
    return {
        field.column: field.get_db_prep_save(field.get_default(), connection)
        for field in Invitation._meta.concrete_fields
        if field.column and not field.primary_key and field.column not in _WRITTEN
    }


def _list_placed(
    campaign: Campaign, plan: Plan, start: int, end: int
) -> list[tuple[Contact, dt.datetime | None]]:
    statement, parameters = _judged(campaign)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {statement}, positioned AS ({ORDERED}), {_PLACED} "  # noqa: S608
            "SELECT id, scheduled_for FROM placed "
            "WHERE position >= %s AND position < %s ORDER BY position",
            [*parameters, *_timetable(plan), start, end],
        )
        rows: list[tuple[int, dt.datetime | None]] = cursor.fetchall()
    contacts = Contact.objects.select_related("account").in_bulk([key for key, _ in rows])
    return [(contacts[key], moment) for key, moment in rows if key in contacts]
