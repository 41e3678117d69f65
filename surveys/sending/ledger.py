"""The two kinds of row that the engine moves, and what must hold outside the row before it leaves.

An invitation needs a running campaign, a person who has not answered, and an address that did not
unsubscribe; a mail only needs an address that may be written to at all. The rest is the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from surveys.models import Campaign, Delivery, Invitation, Mail, Sender, Suppression

Row: TypeAlias = Invitation | Mail
State, Reason, Resolution = Delivery.State, Delivery.Reason, Delivery.Resolution

# A worker that holds a claim for longer is taken for dead; nothing was handed over, so no harm.
CLAIM_LEASE = dt.timedelta(minutes=5)
# After the intent: the final reply may take five minutes, writing it down another five.
RESULT_LEASE = dt.timedelta(minutes=12)
# So many claims in a row without any result: the row kills its worker.
MOST_CLAIMS = 5


class InsideTransactionError(RuntimeError):
    """The engine was called inside a transaction, whose rollback could undo an intent."""


def refuse_transaction() -> None:
    if connection.in_atomic_block:
        raise InsideTransactionError("Mail cannot be sent inside a database transaction.")


@dataclass(frozen=True)
class Ledger:
    """One of the two lanes. `stream` is the column that rows are shared out by."""

    model: type[Invitation] | type[Mail]
    lane: Sender.Lane
    stream: str

    @property
    def rows(self) -> QuerySet[Any]:
        return self.model.objects.all()

    @property
    def with_relations(self) -> QuerySet[Any]:
        """The rows with all that composing the mail reads."""
        if self.model is Invitation:
            return self.rows.select_related("campaign__survey", "campaign__sender", "contact")
        return self.rows.select_related("sender")

    @property
    def with_recipients(self) -> QuerySet[Any]:
        """As `with_relations`; an invitation without its campaign, which a whole claim shares."""
        if self.model is Invitation:
            return self.rows.select_related("contact")
        return self.with_relations

    @property
    def scopes(self) -> list[str]:
        """The kinds of suppression that stop this lane."""
        if self.model is Invitation:
            return [Suppression.Scope.ALL.value, Suppression.Scope.SURVEYS.value]
        return [Suppression.Scope.ALL.value]

    def is_suppressed(self, address_hash: Any) -> Exists:
        """`address_hash` is a value, or an expression on the row."""
        return Exists(Suppression.objects.filter(address_hash=address_hash, scope__in=self.scopes))

    def is_answered(self) -> Q:
        """For a reminder the answer stands on the first invitation."""
        if self.model is not Invitation:
            return Q(pk__in=[])
        first = Invitation.objects.filter(
            pk=Coalesce(OuterRef("first_id"), OuterRef("pk")), answered_at__isnull=False
        )
        return Q(Exists(first))

    def campaign_in(self, *states: str) -> Q:
        """Written as EXISTS: a join would make PostgreSQL re-check a changed row by old values."""
        if self.model is not Invitation:
            return Q()
        return Q(Exists(Campaign.objects.filter(pk=OuterRef("campaign_id"), state__in=states)))


def free(column: str, now: dt.datetime) -> Q:
    """Whether a sender is not held."""
    return Q(**{column: None}) | Q(**{f"{column}__lte": now})


INVITATIONS = Ledger(Invitation, Sender.Lane.BULK, "campaign_id")
MAILS = Ledger(Mail, Sender.Lane.TRANSACTIONAL, "sender_id")
# A reply to a customer goes before the next invitation.
LEDGERS = (MAILS, INVITATIONS)


def ledger_of(row: Row) -> Ledger:
    return INVITATIONS if isinstance(row, Invitation) else MAILS


def sender_of(row: Row) -> Sender:
    return row.campaign.sender if isinstance(row, Invitation) else row.sender
