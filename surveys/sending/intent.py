"""The last moment at which "not sent" is certain, written down before it passes.

An outlet calls `Handover.begin_body` when the server is ready for the body and nothing of it has
left. What happens afterwards without an answer is unknown, and stays so until somebody knows.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.core.mail import EmailMessage
from django.db import DatabaseError, InterfaceError
from django.db.models import F
from django.db.models.functions import Now

from surveys.models import Campaign
from surveys.sending.ledger import RESULT_LEASE, Ledger, State, refuse_transaction


class NotHandedOverError(Exception):
    """The body stays here; nothing of it has left."""


class IntentRefusedError(NotHandedOverError):
    """The row may not leave any more: paused, answered, unsubscribed, or not ours."""


class IntentUnwrittenError(NotHandedOverError):
    """The database did not confirm the intent. It may stand there; the body stays here."""


@dataclass
class Handover:
    """What is known of one message on its way out. `confirm` writes the intent."""

    confirm: Callable[[], bool]
    body_began: bool = False
    # The server's final answer to the body, once there is one.
    reply: tuple[int, str] | None = None

    def begin_body(self) -> None:
        """Make it durable that the body now leaves, or raise NotHandedOverError."""
        try:
            is_confirmed = self.confirm()
        except (DatabaseError, InterfaceError) as error:
            raise IntentUnwrittenError(str(error)) from error
        if not is_confirmed:
            raise IntentRefusedError
        self.body_began = True


def attach(message: EmailMessage, handover: Handover) -> None:
    message.handover = handover  # type: ignore[attr-defined]


def attached(message: EmailMessage) -> Handover | None:
    """None for a message that did not come from the engine."""
    return getattr(message, "handover", None)


def record_intent(
    ledger: Ledger, pk: int, token: uuid.UUID, *, address_hash: str, now: dt.datetime
) -> bool:
    """Mark a claimed row as leaving, if it still may: one statement that commits by itself.

    `address_hash` is of the address that the message really goes to; it is kept on the row.
    """
    refuse_transaction()
    may_leave = ledger.rows.filter(
        ~ledger.is_suppressed(address_hash),
        ~ledger.is_answered(),
        ledger.campaign_in(Campaign.State.RUNNING),
        ledger.sender_is_free(now),
        pk=pk,
        state=State.CLAIMED,
        claim_token=token,
        lease_until__gt=Now(),
    ).exclude(not_after__lte=now)
    changed = may_leave.update(
        state=State.SENDING,
        attempt=F("attempt") + 1,
        intent_at=Now(),
        lease_until=Now() + RESULT_LEASE,
        address_hash=address_hash,
    )
    return bool(changed == 1)
