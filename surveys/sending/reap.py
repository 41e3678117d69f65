"""Clearing up after workers that died, by the database's clock alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from psycopg.sql import SQL, Identifier

from surveys.models import Campaign, Invitation, Sender, get_organisation
from surveys.sending.ledger import (
    CLAIM_LEASE,
    LEDGERS,
    MOST_CLAIMS,
    Ledger,
    Reason,
    Resolution,
    State,
    refuse_transaction,
)


@dataclass
class Reaped:
    returned: int = 0
    doubtful: int = 0
    poisonous: int = 0

    def __str__(self) -> str:
        return f"returned {self.returned}, in doubt {self.doubtful}, given up {self.poisonous}"


def reap() -> Reaped:
    """Return what was claimed and never handed over; call doubtful what was, without a result."""
    refuse_transaction()
    found = Reaped()
    for ledger in LEDGERS:
        overdue = ledger.rows.filter(lease_until__lt=Now())
        found.returned += _return_claims(ledger)
        # Whoever answered has the mail.
        overdue.filter(ledger.is_answered(), state=State.SENDING).update(
            state=State.SENT, resolution=Resolution.EVIDENCE, sent_at=F("intent_at"),
            lease_until=None,
        )  # fmt: skip
        found.doubtful += overdue.filter(state=State.SENDING).update(
            state=State.UNKNOWN, reason=Reason.CRASHED, unknown_since=F("intent_at"),
            lease_until=None,
        )  # fmt: skip
        found.poisonous += ledger.rows.filter(
            state=State.SCHEDULED, claims__gte=MOST_CLAIMS
        ).update(state=State.FAILED, reason=Reason.CANNOT_COMPOSE)
    return found


def _return_claims(ledger: Ledger) -> int:
    """What never left counts no more for its sender's day either, if that day is still the same."""
    zone = get_organisation().zone
    with connection.cursor() as cursor:
        cursor.execute("SELECT (now() AT TIME ZONE %s)::date", [zone.key])
        today: dt.date = cursor.fetchone()[0]
        midnight = dt.datetime.combine(today, dt.time.min, zone)
        values: dict[str, Any] = {"today": today, "claimed_from": midnight + CLAIM_LEASE}
        cursor.execute(_return_statement(ledger), values)
        return int(cursor.fetchone()[0])


_RETURN = SQL("""
    WITH overdue AS (
        SELECT row.id, row.lease_until, {sender_id} AS sender_id
          FROM {table} AS row {campaign}
         WHERE row.state = 'claimed' AND row.lease_until < clock_timestamp()
           FOR UPDATE OF row SKIP LOCKED
    ), returned AS (
        UPDATE {table} AS row SET state = 'scheduled', lease_until = NULL
          FROM overdue WHERE row.id = overdue.id
        RETURNING overdue.sender_id, overdue.lease_until
    ), counted AS (
        UPDATE {sender} AS sender
           SET taken_today = GREATEST(0, sender.taken_today - leaked.mails)
          FROM (SELECT sender_id, count(*) AS mails FROM returned
                 WHERE lease_until >= %(claimed_from)s GROUP BY sender_id) AS leaked
         WHERE sender.id = leaked.sender_id AND sender.taken_on = %(today)s
    )
    SELECT count(*) FROM returned
""")


@cache
def _return_statement(ledger: Ledger) -> str:
    is_invitation = ledger.model is Invitation
    join = SQL("JOIN {} AS campaign ON campaign.id = row.campaign_id").format(
        Identifier(Campaign._meta.db_table)
    )
    return _RETURN.format(
        table=Identifier(ledger.model._meta.db_table),
        sender=Identifier(Sender._meta.db_table),
        sender_id=SQL("campaign.sender_id") if is_invitation else SQL("row.sender_id"),
        campaign=join if is_invitation else SQL(""),
    ).as_string()
