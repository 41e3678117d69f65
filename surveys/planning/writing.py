"""A plan turned into rows: written, written anew, or only looked at; one statement each.

People never pass through Python, except those who are shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from surveys.history import note_planned
from surveys.models import Campaign, Contact, Invitation
from surveys.planning.order import ORDERED, ORDERED_ALIKE
from surveys.planning.overview import Plan
from surveys.planning.placing import place

Reason = Invitation.Reason

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
    "rests_until",
    "skipped_at",
    "message_key",
)

# Below it the statistics that are there do; above it a wrong guess costs seconds.
_MANY = 10_000

# Sorting in memory what would else go through files; given back at the end of the transaction.
_MEMORY = "64MB"


def write_plan(campaign: Campaign, plan: Plan) -> None:
    """Write one invitation for everybody in the audience, in the order they will be asked.

    Who is left out gets a row too, with the reason, so that their page can tell.
    """
    statement, parameters = _place_audience(plan)
    fixed = column_defaults(_WRITTEN)
    rows = f"""
        WITH {statement},
        rows AS (
            SELECT id, address_hash, stratum, order_key, scheduled_for, closes, rests_until,
                   CASE WHEN scheduled_for IS NULL THEN 'no_room' ELSE '' END AS reason
              FROM placed
            UNION ALL
            SELECT id, address_hash, stratum, 0, NULL, NULL, rests_until, reason
              FROM judged WHERE reason <> ''
        )
        INSERT INTO {Invitation._meta.db_table} ({", ".join([*_WRITTEN, *fixed])})
        SELECT %s, id, address_hash, stratum, order_key,
               CASE WHEN reason = '' THEN 'scheduled' ELSE 'skipped' END, reason,
               scheduled_for, COALESCE(closes, %s), rests_until,
               CASE WHEN reason <> '' THEN %s::timestamptz END,
               gen_random_uuid() {", %s" * len(fixed)}
          FROM rows
    """  # noqa: S608 - table and column names of ours
    with connection.cursor() as cursor:
        execute(cursor, rows, [*parameters, campaign.pk, plan.closes, plan.now, *fixed.values()])
        if plan.people >= _MANY:
            # The engine reads these rows before the database's own housekeeping comes round.
            cursor.execute(f"ANALYZE {Invitation._meta.db_table}")
    note_planned(campaign, plan.people)


def rewrite_plan(campaign: Campaign, plan: Plan) -> None:
    """Give those who still wait their new times, in their old order; nobody else is touched."""
    placed, timetable = place(plan.lanes, plan.spreads, has_resting=plan.has_resting)
    statement = f"""
        WITH {plan.judged.statement},
        positioned AS (
            SELECT id, lane, release, rests_until,
                   row_number() OVER (ORDER BY scheduled_for, order_key, id) - 1 AS position
              FROM judged WHERE reason = ''
        ), {placed},
        outcome AS (
            SELECT id, scheduled_for, closes, rests_until,
                   CASE WHEN scheduled_for IS NULL THEN 'no_room' ELSE '' END AS reason
              FROM placed
            UNION ALL
            SELECT id, NULL, NULL, rests_until, reason FROM judged WHERE reason <> ''
        )
        UPDATE {Invitation._meta.db_table} AS invitation
           SET scheduled_for = outcome.scheduled_for,
               not_after = COALESCE(outcome.closes, %s),
               rests_until = outcome.rests_until,
               state = CASE WHEN outcome.reason = '' THEN 'scheduled' ELSE 'skipped' END,
               reason = outcome.reason,
               skipped_at = CASE WHEN outcome.reason <> '' THEN %s::timestamptz END
          FROM outcome
         WHERE invitation.id = outcome.id AND invitation.state = 'scheduled'
    """  # noqa: S608
    with connection.cursor() as cursor:
        execute(cursor, statement, [*plan.judged.parameters, *timetable, plan.closes, plan.now])


def list_recipients(
    plan: Plan, *, limit: int, offset: int = 0, postponed: bool = False
) -> list[tuple[Contact, dt.datetime | None]]:
    """Return who a launch would ask, with the moment, in that order; or of them those who rest."""
    which = "scheduled_for IS NOT NULL" + (" AND release > 0" if postponed else "")
    return _list_placed(plan, which, limit=limit, offset=offset)


def list_left_out(plan: Plan, reason: str, *, limit: int, offset: int = 0) -> list[Contact]:
    """Return whom a launch would leave out for `reason`."""
    if reason == Reason.NO_ROOM:
        which = "scheduled_for IS NULL"
        rows = _list_placed(plan, which, limit=limit, offset=offset)
        return [contact for contact, _ in rows]
    judged = plan.judged
    with connection.cursor() as cursor:
        execute(
            cursor,
            f"WITH {judged.statement} SELECT id FROM judged WHERE reason = %s "  # noqa: S608
            "ORDER BY id LIMIT %s OFFSET %s",
            [*judged.parameters, reason, limit, offset],
        )
        keys = [key for (key,) in cursor.fetchall()]
    contacts = Contact.objects.select_related("account").in_bulk(keys)
    return [contacts[key] for key in keys if key in contacts]


def execute(cursor: CursorWrapper, statement: str, parameters: Sequence[Any]) -> None:
    """Run a statement over many people without nested loops.

    Of rows written a moment ago PostgreSQL has no statistics. Taking a hundred thousand of them
    for one, it would compare each with each. All goes in one journey and one transaction.
    """
    cursor.execute(
        f"SET LOCAL enable_nestloop TO off; SET LOCAL work_mem TO '{_MEMORY}'; {statement};"
        " SET LOCAL enable_nestloop TO DEFAULT; SET LOCAL work_mem TO DEFAULT",
        parameters,
    )
    cursor.nextset()
    cursor.nextset()


def _place_audience(plan: Plan) -> tuple[str, list[Any]]:
    """Return the relations up to `placed`: who is asked when; the parameters with them."""
    placed, timetable = place(plan.lanes, plan.spreads, has_resting=plan.has_resting)
    # A table is read twice at little cost; what is judged only now must not be judged twice.
    reading = "NOT MATERIALIZED" if plan.judged.is_kept else "MATERIALIZED"
    ordered = ORDERED_ALIKE if plan.judged.is_alike and len(plan.lanes) == 1 else ORDERED
    statement = f"""{plan.judged.statement},
        draw AS (SELECT %s::bigint AS seed, %s::bigint AS size),
        people AS {reading} (
            SELECT id, lane, address_hash, stratum, release, rests_until
              FROM judged WHERE reason = ''
        ),
        positioned AS ({ordered}), {placed}"""  # noqa: S608
    draw = [plan.judged.seed, plan.mails + plan.no_room]
    return statement, [*plan.judged.parameters, *draw, *timetable]


def column_defaults(written: Sequence[str]) -> dict[str, Any]:
    """Return what the columns of an invitation get that a statement does not write."""
    return {
        field.column: field.get_db_prep_save(field.get_default(), connection)
        for field in Invitation._meta.concrete_fields
        if field.column and not field.primary_key and field.column not in written
    }


def _list_placed(
    plan: Plan, which: str, *, limit: int, offset: int
) -> list[tuple[Contact, dt.datetime | None]]:
    statement, parameters = _place_audience(plan)
    with connection.cursor() as cursor:
        execute(
            cursor,
            f"WITH {statement} SELECT id, scheduled_for FROM placed "  # noqa: S608
            f"WHERE {which} ORDER BY scheduled_for, position LIMIT %s OFFSET %s",
            [*parameters, limit, offset],
        )
        rows: list[tuple[int, dt.datetime | None]] = cursor.fetchall()
    contacts = Contact.objects.select_related("account").in_bulk([key for key, _ in rows])
    return [(contacts[key], moment) for key, moment in rows if key in contacts]
