"""The plan of a campaign: looked at before the launch, written at the launch, redrawn afterwards.

Days are computed in Python, rows are chosen, ordered and written by the database in one statement.
Looking and writing read the same relations, so what was previewed is what is written.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models.functions import Coalesce

from surveys.models import Campaign, Contact, Invitation, get_organisation
from surveys.planning.calendar import Slot
from surveys.planning.judging import Judgement, judge_audience, judge_waiting
from surveys.planning.openings import list_openings
from surveys.planning.order import ORDERED
from surveys.planning.placing import place
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
    "rests_until",
    "skipped_at",
    "message_key",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How many mails leave when, in what is left of the window; who is left out and why."""

    now: dt.datetime  # when it was drawn
    judged: Judgement = field(repr=False)  # the people it counted, as SQL
    slots: tuple[Slot, ...]  # the open time that is left of the window
    batches: tuple[Batch, ...]
    left_out: Mapping[str, int]  # by reason

    @property
    def open_days(self) -> frozenset[dt.date]:
        return frozenset(slot.day for slot in self.slots)

    @property
    def closes(self) -> dt.datetime | None:
        """When the window is over; None when nothing of it is left."""
        return self.slots[-1].end if self.slots else None

    @property
    def mails(self) -> int:
        return sum(batch.mails for batch in self.batches)

    @property
    def postponed(self) -> int:
        """Those who rest when the window opens and are asked later in it."""
        return sum(batch.late for batch in self.batches)

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
    organisation = get_organisation()
    slots = list_openings(campaign, organisation, not_before=now)
    judged = judge_audience(campaign, organisation, slots, now=now)
    return _fit(campaign, slots, judged, {}, now=now)


def write_plan(campaign: Campaign, plan: Plan) -> None:
    """Write one invitation for everybody in the audience, in the order they will be asked.

    Who is left out gets a row too, with the reason, so that their page can tell.
    """
    statement, parameters = _place_audience(plan)
    fixed = _column_defaults()
    rows = f"""
        WITH {statement},
        rows AS (
            SELECT id, address_hash, stratum, order_key, position, scheduled_for, rests_until,
                   CASE WHEN scheduled_for IS NULL THEN 'no_room' ELSE '' END AS reason
              FROM placed
            UNION ALL
            SELECT id, address_hash, stratum, 0, NULL, NULL, rests_until, reason
              FROM judged WHERE reason <> ''
        )
        INSERT INTO {Invitation._meta.db_table} ({", ".join([*_WRITTEN, *fixed])})
        SELECT %s, id, address_hash, stratum, order_key,
               CASE WHEN reason = '' THEN 'scheduled' ELSE 'skipped' END, reason,
               scheduled_for, %s, rests_until, CASE WHEN reason <> '' THEN %s::timestamptz END,
               gen_random_uuid() {", %s" * len(fixed)}
          FROM rows ORDER BY position
    """  # noqa: S608 - table and column names of ours
    with connection.cursor() as cursor:
        _execute(cursor, rows, [*parameters, campaign.pk, plan.closes, plan.now, *fixed.values()])


def redraw_plan(campaign: Campaign, *, now: dt.datetime) -> Plan:
    """Return how what still waits would be spread over what is left of the window."""
    organisation = get_organisation()
    slots = list_openings(campaign, organisation, not_before=now)
    today = now.astimezone(organisation.zone).date()
    on_their_way = (
        campaign.invitations.exclude(state__in=[State.SCHEDULED, State.SKIPPED])
        .alias(moment=Coalesce("sent_at", "intent_at", "scheduled_for"))
        .filter(moment__gte=dt.datetime.combine(today, dt.time.min, organisation.zone))
    )
    judged = judge_waiting(campaign, organisation, slots, now=now)
    return _fit(campaign, slots, judged, {today: on_their_way.count()}, now=now)


def rewrite_plan(campaign: Campaign, plan: Plan) -> None:
    """Give those who still wait their new times, in their old order; nobody else is touched."""
    placed, timetable = place(plan.batches)
    statement = f"""
        WITH {plan.judged.statement},
        positioned AS (
            SELECT id, release, rests_until,
                   row_number() OVER (ORDER BY order_key, id) - 1 AS position
              FROM judged WHERE reason = ''
        ), {placed},
        outcome AS (
            SELECT id, scheduled_for, rests_until,
                   CASE WHEN scheduled_for IS NULL THEN 'no_room' ELSE '' END AS reason
              FROM placed
            UNION ALL
            SELECT id, NULL, rests_until, reason FROM judged WHERE reason <> ''
        )
        UPDATE {Invitation._meta.db_table} AS invitation
           SET scheduled_for = outcome.scheduled_for,
               not_after = %s,
               rests_until = outcome.rests_until,
               state = CASE WHEN outcome.reason = '' THEN 'scheduled' ELSE 'skipped' END,
               reason = outcome.reason,
               skipped_at = CASE WHEN outcome.reason <> '' THEN %s::timestamptz END
          FROM outcome
         WHERE invitation.id = outcome.id AND invitation.state = 'scheduled'
    """  # noqa: S608
    with connection.cursor() as cursor:
        _execute(cursor, statement, [*plan.judged.parameters, *timetable, plan.closes, plan.now])


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
        _execute(
            cursor,
            f"WITH {judged.statement} SELECT id FROM judged WHERE reason = %s "  # noqa: S608
            "ORDER BY id LIMIT %s OFFSET %s",
            [*judged.parameters, reason, limit, offset],
        )
        keys = [key for (key,) in cursor.fetchall()]
    contacts = Contact.objects.select_related("account").in_bulk(keys)
    return [contacts[key] for key in keys if key in contacts]


def _fit(
    campaign: Campaign,
    slots: list[Slot],
    judged: Judgement,
    already: Mapping[dt.date, int],
    *,
    now: dt.datetime,
) -> Plan:
    """Count the judged and spread those who are asked over the slots."""
    with connection.cursor() as cursor:
        _execute(
            cursor,
            f"WITH {judged.statement} "  # noqa: S608
            "SELECT reason, release, count(*) FROM judged GROUP BY reason, release",
            judged.parameters,
        )
        counts = cursor.fetchall()
    left_out: Counter[str] = Counter()
    resting: Counter[int] = Counter()
    for reason, release, people in counts:
        if reason:
            left_out[reason] += people
        else:
            resting[release] += people
    count = resting.total()
    batches = spread(
        count, slots, daily_limit=campaign.daily_limit, already=already, resting=resting
    )
    if no_room := count - sum(batch.mails for batch in batches):
        left_out[Reason.NO_ROOM.value] = no_room
    return Plan(
        now=now, judged=judged, slots=tuple(slots), batches=tuple(batches), left_out=dict(left_out)
    )


def _execute(cursor: CursorWrapper, statement: str, parameters: Sequence[Any]) -> None:
    """Run a statement over many people without nested loops.

    Of rows written a moment ago PostgreSQL has no statistics. Taking a hundred thousand of them
    for one, it would compare each with each. All goes in one journey and one transaction.
    """
    cursor.execute(
        f"SET LOCAL enable_nestloop TO off; {statement}; SET LOCAL enable_nestloop TO DEFAULT",
        parameters,
    )
    cursor.nextset()


def _place_audience(plan: Plan) -> tuple[str, list[Any]]:
    """Return the relations up to `placed`: who is asked when; the parameters with them."""
    placed, timetable = place(plan.batches)
    statement = f"{plan.judged.statement}, positioned AS ({ORDERED}), {placed}"
    return statement, [*plan.judged.parameters, *timetable]


def _column_defaults() -> dict[str, Any]:
    return {
        field.column: field.get_db_prep_save(field.get_default(), connection)
        for field in Invitation._meta.concrete_fields
        if field.column and not field.primary_key and field.column not in _WRITTEN
    }


def _list_placed(
    plan: Plan, which: str, *, limit: int, offset: int
) -> list[tuple[Contact, dt.datetime | None]]:
    statement, parameters = _place_audience(plan)
    with connection.cursor() as cursor:
        _execute(
            cursor,
            f"WITH {statement} SELECT id, scheduled_for FROM placed "  # noqa: S608
            f"WHERE {which} ORDER BY scheduled_for, position LIMIT %s OFFSET %s",
            [*parameters, limit, offset],
        )
        rows: list[tuple[int, dt.datetime | None]] = cursor.fetchall()
    contacts = Contact.objects.select_related("account").in_bulk([key for key, _ in rows])
    return [(contacts[key], moment) for key, moment in rows if key in contacts]
