"""One message, from the claimed row to the written result."""

from __future__ import annotations

import datetime as dt
import logging
import uuid

from django.core.mail import EmailMessage
from django.db import DatabaseError

from surveys.addresses import hash_address
from surveys.models import Sender
from surveys.sending.claim import release_row, skip_hopeless
from surveys.sending.compose import Composer, compose_row, recipient_of
from surveys.sending.intent import Handover, record_intent
from surveys.sending.ledger import INVITATIONS, Ledger, Row, refuse_transaction
from surveys.sending.outcome import Outcome, Verdict, cannot_compose
from surveys.sending.outlet import Outlet
from surveys.sending.postponed import Postponed
from surveys.sending.record import record_outcome
from surveys.sending.resting import settle_resting

logger = logging.getLogger(__name__)


def deliver(
    row: Row,
    token: uuid.UUID,
    *,
    ledger: Ledger,
    sender: Sender,
    outlet: Outlet,
    now: dt.datetime,
    postponed: Postponed | None = None,
    composer: Composer | None = None,
) -> Outcome:
    """Send one claimed row and write down what became of it.

    With `postponed`, that it was sent stands there afterwards: the next intent, or the caller,
    writes it.
    """
    refuse_transaction()
    address_hash = hash_address(recipient_of(row))
    try:
        message = compose_row(row, composer)
    except DatabaseError:
        raise
    except Exception as error:
        logger.exception("%s %s cannot be composed", row._meta.label, row.pk)
        outcome = cannot_compose(error)
    else:
        outcome = _hand_over(message, row, token, ledger, outlet, address_hash, now, postponed)
    if postponed is not None and outcome.verdict is not Verdict.SENT:
        postponed.write()
    if outcome.verdict is Verdict.WITHDRAWN:
        settle_withdrawn(ledger, row.pk, token, address_hash=address_hash, now=now)
        return outcome
    record_outcome(
        ledger, row, token, outcome,
        sender=sender, address_hash=address_hash, now=now, postponed=postponed,
    )  # fmt: skip
    return outcome


def settle_withdrawn(
    ledger: Ledger, pk: int, token: uuid.UUID, *, address_hash: str, now: dt.datetime
) -> None:
    """Nothing was sent: skip the row with its reason, else let it wait (paused, held, resting).

    When the claim is no longer ours, neither statement finds the row.
    """
    if skip_hopeless(ledger, token, now=now, pk=pk, address_hash=address_hash):
        return
    if ledger is INVITATIONS and settle_resting(token, now=now, pk=pk, address_hash=address_hash):
        return
    release_row(ledger, pk, token)


def _hand_over(
    message: EmailMessage,
    row: Row,
    token: uuid.UUID,
    ledger: Ledger,
    outlet: Outlet,
    address_hash: str,
    now: dt.datetime,
    postponed: Postponed | None,
) -> Outcome:
    def confirm() -> bool:
        return record_intent(
            ledger, row.pk, token, address_hash=address_hash, now=now, postponed=postponed
        )

    handover = Handover(confirm, postponed.write if postponed else lambda: None)
    return outlet.hand_over(message, handover, now=now)
