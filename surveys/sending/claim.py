"""Taking rows for oneself, and giving them back.

The token is fresh per claim, not per worker: whoever holds an old one can write nothing any more.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Greatest
from psycopg.sql import SQL, Composed, Identifier

from npsapp.models import User
from surveys.models import Campaign, Contact, Invitation, Mail
from surveys.sending.kill_switch import not_stopped
from surveys.sending.ledger import (
    CLAIM_LEASE,
    MOST_CLAIMS,
    Ledger,
    Reason,
    Row,
    State,
    refuse_transaction,
)
from surveys.sending.resting import settle_resting

# Mail that is late (a stopped worker, a retry) waits for open hours; what comes from the plan just
# now was put here by the plan and may leave, even a tick after closing time.
FRESH = dt.timedelta(minutes=15)

_CLAIM = SQL("""
    WITH due AS (
        SELECT row.id
          FROM {table} AS row
         WHERE row.state = 'scheduled' AND row.scheduled_for <= %(now)s
           AND row.{stream} = %(stream)s
           AND {not_stopped}
           AND row.claims >= %(from_claims)s AND row.claims <= %(to_claims)s
           AND (%(late_too)s OR (row.scheduled_for > %(fresh_from)s AND row.retries = 0) {late})
           {running}
         ORDER BY row.scheduled_for, row.id
         LIMIT %(limit)s
           FOR UPDATE OF row SKIP LOCKED
    )
    UPDATE {table} AS row
       SET state = 'claimed', claim_token = %(token)s, claims = row.claims + 1,
           claimed_by = %(worker)s, lease_until = clock_timestamp() + %(lease)s
      FROM due
     WHERE row.id = due.id
    RETURNING row.id
""")
_LATE = SQL("""
    OR EXISTS (SELECT FROM {contact} AS contact
                WHERE contact.id = row.contact_id AND contact.time_zone = ANY(%(late_zones)s))
""")
_RUNNING = SQL("""
    AND EXISTS (SELECT FROM {campaign} AS campaign
                 WHERE campaign.id = row.campaign_id AND campaign.state = 'running')
""")


@dataclass(frozen=True)
class Claim:
    """Rows that are ours until the lease ends, as far as `token` still stands on them."""

    ledger: Ledger
    token: uuid.UUID
    rows: list[Row] = field(default_factory=list)
    taken: int = 0


def claim_due(
    ledger: Ledger,
    stream: int,
    *,
    limit: int,
    late_too: bool | frozenset[str],
    now: dt.datetime,
) -> Claim:
    """Claim up to `limit` due rows of one campaign (or sender of mails), oldest first.

    `late_too` says whether rows count that are late, or in which time zones they do.

    A row that an earlier claim did not survive is taken last and alone, so that one that kills its
    worker takes no innocent rows with it.
    """
    refuse_transaction()
    claim = _claim(ledger, stream, limit, late_too, now, claims=(0, 0))
    if not claim.taken:
        claim = _claim(ledger, stream, 1, late_too, now, claims=(1, MOST_CLAIMS - 1))
    if claim.taken:
        skip_hopeless(ledger, claim.token, now=now)
        if ledger.model is Invitation:
            settle_resting(claim.token, now=now)
        found = ledger.with_recipients.filter(claim_token=claim.token, state=State.CLAIMED)
        claim.rows.extend(found.order_by("scheduled_for", "pk"))
    return claim


def _claim(
    ledger: Ledger,
    stream: int,
    limit: int,
    late_too: bool | frozenset[str],
    now: dt.datetime,
    *,
    claims: tuple[int, int],
) -> Claim:
    token = uuid.uuid4()
    values: dict[str, Any] = {
        "now": now,
        "stream": stream,
        "from_claims": claims[0],
        "to_claims": claims[1],
        "late_too": late_too is True,
        "late_zones": sorted(late_too) if isinstance(late_too, frozenset) else [],
        "fresh_from": now - FRESH,
        "limit": limit,
        "token": token,
        "lease": CLAIM_LEASE,
        "worker": name_worker(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_statement(ledger, by_zone=bool(values["late_zones"])), values)
        return Claim(ledger, token, taken=len(cursor.fetchall()))


def name_worker() -> str:
    """Return what tells this process from the others, also weeks later."""
    return f"{socket.gethostname()}:{os.getpid()}"[:80]


@cache
def _statement(ledger: Ledger, *, by_zone: bool = False) -> str:
    running: SQL | Composed = SQL("")
    late: SQL | Composed = SQL("")
    if ledger.model is Invitation:
        running = _RUNNING.format(campaign=Identifier(Campaign._meta.db_table))
        if by_zone:
            late = _LATE.format(contact=Identifier(Contact._meta.db_table))
    return _CLAIM.format(
        table=Identifier(ledger.model._meta.db_table),
        stream=Identifier(ledger.stream),
        not_stopped=not_stopped(ledger),
        running=running,
        late=late,
    ).as_string()


def skip_hopeless(
    ledger: Ledger, token: uuid.UUID, *, now: dt.datetime, pk: int | None = None,
    address_hash: str = "",
) -> int:  # fmt: skip
    """Skip those claimed rows that must never leave, each with its reason.

    `address_hash` is of the address that the mail would go to, where that is known already.
    """
    values: dict[Any, Any] = {_TOKEN: token, _NOW: now, _PK: pk, _HASH: address_hash}
    sql, places = _hopeless_statement(ledger, pk is not None)
    with connection.cursor() as cursor:
        cursor.execute(sql, [values.get(place, place) for place in places])
        return int(cursor.rowcount)


# Stand for the values while the statement is written, once: Django takes longer over its text than
# the database over the work.
_TOKEN, _PK, _HASH = uuid.UUID(int=0), -1, "the hash of an address"
_NOW = dt.datetime(1, 1, 2, tzinfo=dt.UTC)


@cache
def _hopeless_statement(ledger: Ledger, is_one_row: bool) -> tuple[str, tuple[Any, ...]]:
    written: list[tuple[str, tuple[Any, ...]]] = []

    def write_down(execute: Any, sql: str, params: Any, many: bool, context: Any) -> None:
        written.append((sql, tuple(params)))

    when = {"skipped_at": _NOW} if ledger.model is Invitation else {}
    with connection.execute_wrapper(write_down):
        _hopeless(ledger, is_one_row).update(
            state=State.SKIPPED, reason=F("verdict"), lease_until=None, claims=0, **when
        )
    (statement,) = written
    return statement


def _hopeless(ledger: Ledger, is_one_row: bool) -> QuerySet[Any]:
    rows = ledger.rows.filter(claim_token=_TOKEN, state=State.CLAIMED)
    if is_one_row:
        rows = rows.filter(pk=_PK)
    reasons = [
        When(ledger.is_suppressed(_HASH), then=Value(Reason.SUPPRESSED)),
        When(ledger.is_suppressed(OuterRef("address_hash")), then=Value(Reason.SUPPRESSED)),
        When(not_after__lte=_NOW, then=Value(Reason.WINDOW_OVER)),
    ]
    if ledger.model is Invitation:
        contact = Contact.objects.filter(pk=OuterRef("contact_id"))
        suppressed = contact.filter(ledger.is_suppressed(OuterRef("address_hash")))
        reasons = [
            When(ledger.is_answered(), then=Value(Reason.ANSWERED)),
            When(ledger.campaign_in(Campaign.State.CANCELLED), then=Value(Reason.CANCELLED)),
            When(ledger.campaign_in(Campaign.State.FINISHED), then=Value(Reason.WINDOW_OVER)),
            When(contact_id=None, then=Value(Reason.ERASED)),
            When(Exists(contact.filter(email="")), then=Value(Reason.NO_ADDRESS)),
            # Somebody whose address was changed since the plan is judged by the new one.
            When(Exists(suppressed), then=Value(Reason.SUPPRESSED)),
            *reasons,
        ]
    else:
        # It may name customers, and whoever was told of it works here no longer.
        gone = User.objects.filter(email=OuterRef("to_email"), is_active=False)
        is_told = Q(kind=Mail.Kind.NOTICE) & Exists(gone)
        reasons.append(When(is_told, then=Value(Reason.SUPPRESSED)))
    judged: QuerySet[Any] = rows.annotate(verdict=Case(*reasons, default=Value("")))
    return judged.exclude(verdict="")


def release_claim(claim: Claim) -> int:
    """Give back what was not tried; the worker stops, or the sender is held."""
    return _release(claim.ledger, Q(claim_token=claim.token))


def release_row(ledger: Ledger, pk: int, token: uuid.UUID) -> int:
    return _release(ledger, Q(pk=pk, claim_token=token))


def _release(ledger: Ledger, which: Q) -> int:
    return ledger.rows.filter(which, state=State.CLAIMED).update(
        state=State.SCHEDULED, lease_until=None, claims=Greatest(F("claims") - 1, Value(0))
    )
