"""The last moment at which "not sent" is certain, written down before it passes.

An outlet calls `Handover.begin_body` when the server is ready for the body and nothing of it has
left. What happens afterwards without an answer is unknown, and stays so until somebody knows.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.core.mail import EmailMessage
from django.db import DatabaseError, InterfaceError
from psycopg.sql import SQL, Identifier, Literal

from surveys.models import Campaign, Invitation, Sender, Suppression
from surveys.sending.kill_switch import not_stopped
from surveys.sending.ledger import RESULT_LEASE, Ledger, refuse_transaction
from surveys.sending.postponed import Postponed
from surveys.sending.resting import DEFAULT_DAYS, not_resting
from surveys.sending.statement import execute_together


class NotHandedOverError(Exception):
    """The body stays here; nothing of it has left."""


class IntentRefusedError(NotHandedOverError):
    """The row may not leave now: paused, answered, unsubscribed, asked meanwhile, or not ours."""


class IntentUnwrittenError(NotHandedOverError):
    """The database did not confirm the intent. It may stand there; the body stays here."""


@dataclass
class Handover:
    """What is known of one message on its way out. `confirm` writes the intent."""

    confirm: Callable[[], bool]
    # Called by an outlet before it waits for something that may take long.
    wait: Callable[[], None] = lambda: None
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


# Everything that may have changed since the plan and since the claim, asked in one statement that
# commits by itself. What stands on the row itself is asked of the row itself: should somebody
# change it at this very moment, PostgreSQL asks again of the changed row.
_INTENT = SQL("""
    UPDATE {table} AS row
       SET state = 'sending', attempt = row.attempt + 1, address_hash = %(address_hash)s,
           intent_at = clock_timestamp(),
           lease_until = clock_timestamp() + %(lease)s::interval
     WHERE row.id = %(pk)s AND row.state || '' = 'claimed' AND row.claim_token = %(token)s::uuid
       AND row.lease_until > clock_timestamp()
       AND (row.not_after IS NULL OR row.not_after > %(now)s::timestamptz)
       AND {not_stopped}
       AND NOT EXISTS (
           SELECT FROM {suppression} AS suppression
            WHERE suppression.address_hash = %(address_hash)s
              AND suppression.scope IN ({scopes})
       )
       AND {may_leave}
""")
_MAIL_MAY_LEAVE = SQL("""
    EXISTS (
        SELECT FROM {sender} AS sender
         WHERE sender.id = row.sender_id
           AND (sender.held_until IS NULL OR sender.held_until <= %(now)s::timestamptz)
    )
""")
# "|| ''" and "+ 0" keep the planner from looking for the row among all that are claimed: its key is
# known.
_INVITATION_MAY_LEAVE = SQL("""
    row.answered_at IS NULL
    AND NOT EXISTS (
        SELECT FROM {table} AS first
         WHERE first.id = row.first_id AND first.answered_at IS NOT NULL
    )
    AND EXISTS (
        SELECT FROM {campaign} AS campaign JOIN {sender} AS sender ON sender.id = campaign.sender_id
         WHERE campaign.id = row.campaign_id + 0 AND campaign.state = 'running'
           AND (sender.held_until IS NULL OR sender.held_until <= %(now)s::timestamptz)
    )
    AND {not_resting}
""")
# Two invitations to one address that ask at the same moment would not see each other, so the second
# waits for the first. It needs a statement of its own, or the next would look at what was before
# the waiting; sent in one go, both are one journey and one transaction.
_ONE_BY_ONE = "SELECT pg_advisory_xact_lock(hashtextextended(%(address_hash)s::text, 0))"


def record_intent(
    ledger: Ledger, pk: int, token: uuid.UUID, *, address_hash: str, now: dt.datetime,
    postponed: Postponed | None = None,
) -> bool:  # fmt: skip
    """Mark a claimed row as leaving, if it still may.

    `address_hash` is of the address that the message really goes to; it is kept on the row. The
    result that was postponed is written right before.
    """
    refuse_transaction()
    values: dict[str, str | int | None] = {
        "pk": pk,
        "token": token.hex,
        "address_hash": address_hash,
        "now": now.isoformat(),
        "lease": f"{RESULT_LEASE.total_seconds()} seconds",
        "default_days": DEFAULT_DAYS,
    }
    if postponed is not None:
        postponed.write_ahead()
    is_confirmed = execute_together(_statements(ledger), values) == 1
    if postponed is not None:
        postponed.note_intent(is_confirmed=is_confirmed)
    return is_confirmed


@cache
def _statements(ledger: Ledger) -> tuple[str, ...]:
    tables = {
        "table": Identifier(ledger.model._meta.db_table),
        "sender": Identifier(Sender._meta.db_table),
        "campaign": Identifier(Campaign._meta.db_table),
    }
    is_invitation = ledger.model is Invitation
    may_leave = _INVITATION_MAY_LEAVE if is_invitation else _MAIL_MAY_LEAVE
    intent = _INTENT.format(
        table=tables["table"],
        suppression=Identifier(Suppression._meta.db_table),
        not_stopped=not_stopped(ledger),
        scopes=SQL(", ").join(map(Literal, ledger.scopes)),
        may_leave=may_leave.format(**tables, not_resting=not_resting()),
    ).as_string()
    return (_ONE_BY_ONE, intent) if is_invitation else (intent,)
