"""Clearing up after workers that died, by the database's clock alone."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F
from django.db.models.functions import Now

from surveys.sending.ledger import (
    LEDGERS,
    MOST_CLAIMS,
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
        found.returned += overdue.filter(state=State.CLAIMED).update(
            state=State.SCHEDULED, lease_until=None
        )
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
