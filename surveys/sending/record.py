"""Writing down what became of a message."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import cache
from typing import Any

from django.db.models import F
from django.db.models.functions import Now
from psycopg.sql import SQL, Identifier, Literal

from surveys.models import Delivery, Sender
from surveys.sending.alarm import judge_sender
from surveys.sending.hold import count_doubt, count_refusal, hold_sender, mark_healthy
from surveys.sending.ledger import Ledger, Reason, Row, State
from surveys.sending.outcome import Outcome, Verdict
from surveys.sending.postponed import Postponed, persist
from surveys.sending.statement import Statement
from surveys.suppressing import suppress_dead_address

DETAIL_LENGTH = 500
MOST_RETRIES = 8
FIRST_BACKOFF = dt.timedelta(minutes=2)
LONGEST_BACKOFF = dt.timedelta(hours=4)

# A late result also corrects what the reaper or a person made of the row meanwhile.
_AFTER_HANDOVER = (State.SENDING, State.UNKNOWN, State.SCHEDULED)
_SENT = SQL("""
    UPDATE {table}
       SET state = 'sent', reason = '', sent_at = %(now)s::timestamptz, unknown_since = NULL,
           provider_id = %(provider_id)s, detail = %(detail)s, lease_until = NULL, claims = 0
     WHERE id = %(pk)s AND claim_token = %(token)s::uuid AND state IN ({states})
""")
_NOT_SENT = (State.CLAIMED, State.SENDING, State.UNKNOWN)


def record_outcome(
    ledger: Ledger,
    row: Row,
    token: uuid.UUID,
    outcome: Outcome,
    *,
    sender: Sender,
    address_hash: str,
    now: dt.datetime,
    postponed: Postponed | None = None,
) -> None:
    """Write the result on the row, if our claim still stands on it; then on sender and address.

    That a mail was sent may wait in `postponed` for the next intent.
    """
    detail = outcome.detail.replace("\0", "")[:DETAIL_LENGTH]
    if outcome.verdict is Verdict.SENT:
        result = _sent(ledger, row.pk, token, outcome.provider_id, detail, now)
        if postponed is None:
            persist(result.execute, row)
        else:
            postponed.keep(row, result)
        persist(lambda: _draw_conclusions(outcome, sender, address_hash, now), row)
        return
    rows = ledger.rows.filter(pk=row.pk, claim_token=token)
    changes: dict[str, Any] = {"detail": detail, "lease_until": None, "claims": 0}
    from_states: tuple[str, ...] = _NOT_SENT
    match outcome.verdict:
        case Verdict.FAILED:
            changes |= {"state": State.FAILED, "reason": outcome.reason, "unknown_since": None}
            if outcome.address_is_dead:
                bounced = {"delivery_status": Delivery.DeliveryStatus.BOUNCED, "delivery_at": now}
                changes |= bounced
        case Verdict.UNKNOWN:
            from_states = (State.SENDING,)
            changes |= {"state": State.UNKNOWN, "reason": outcome.reason, "unknown_since": Now()}
        case Verdict.RETRY:
            changes |= _plan_retry(row, now)
        case _:
            changes |= {"state": State.SCHEDULED}
    persist(lambda: rows.filter(state__in=from_states).update(**changes), row)
    persist(lambda: _draw_conclusions(outcome, sender, address_hash, now), row)


def _sent(
    ledger: Ledger, pk: int, token: uuid.UUID, provider_id: str, detail: str, now: dt.datetime
) -> Statement:
    values: dict[str, str | int | None] = {
        "pk": pk,
        "token": token.hex,
        "now": now.isoformat(),
        "provider_id": provider_id.replace("\0", "")[:200],
        "detail": detail,
    }
    return Statement(_sent_statement(ledger, _AFTER_HANDOVER), values)


@cache
def _sent_statement(ledger: Ledger, from_states: tuple[str, ...]) -> str:
    return _SENT.format(
        table=Identifier(ledger.model._meta.db_table),
        states=SQL(", ").join(Literal(str(state)) for state in from_states),
    ).as_string()


def _plan_retry(row: Row, now: dt.datetime) -> dict[str, Any]:
    if row.retries >= MOST_RETRIES:
        return {"state": State.FAILED, "reason": Reason.REFUSED, "unknown_since": None}
    backoff = min(FIRST_BACKOFF * 2**row.retries, LONGEST_BACKOFF)
    return {
        "state": State.SCHEDULED,
        "scheduled_for": now + backoff,
        "retries": F("retries") + 1,
        "unknown_since": None,
    }


def _draw_conclusions(outcome: Outcome, sender: Sender, address_hash: str, now: dt.datetime) -> int:
    if outcome.verdict is Verdict.SENT:
        mark_healthy(sender)
    if outcome.hold is not None:
        hold_sender(sender, outcome.detail, at_least=outcome.hold, now=now)
    elif outcome.counts_as_refusal:
        count_refusal(sender, outcome.detail, now=now)
    elif outcome.verdict is Verdict.UNKNOWN:
        count_doubt(sender, outcome.detail, now=now)
    if outcome.address_is_dead:
        suppress_dead_address(address_hash)
        judge_sender(sender, now=now)
    return 1
