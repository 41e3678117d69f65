"""Whom we must not write to any more: the one place that changes the list."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet

from npsapp.models import User
from surveys.models import Invitation, Suppression, SuppressionRemoval


def suppress(
    address_hash: str, *, scope: Suppression.Scope | str, reason: Suppression.Reason | str
) -> Suppression:
    """Put an address on the list by its keyed hash, once per scope; the first reason stays."""
    return Suppression.objects.get_or_create(
        address_hash=address_hash, scope=scope, defaults={"reason": reason}
    )[0]


def find_block(address_hash: str) -> Suppression | None:
    """Return the entry that keeps every mail from an address, replies included."""
    return Suppression.objects.filter(
        address_hash=address_hash, scope=Suppression.Scope.ALL
    ).first()


@transaction.atomic
def stop_asking(invitation: Invitation) -> None:
    """No more surveys to the address that was written to, and to the one the person has now."""
    hashes = {invitation.address_hash}
    if invitation.contact:
        hashes.add(invitation.contact.address_hash)
    for address_hash in sorted(hashes - {""}):
        suppress(
            address_hash,
            scope=Suppression.Scope.SURVEYS,
            reason=Suppression.Reason.UNSUBSCRIBED,
        )


def suppress_dead_address(address_hash: str) -> None:
    """The mail server said that there is no such mailbox."""
    if address_hash:
        suppress(address_hash, scope=Suppression.Scope.ALL, reason=Suppression.Reason.BOUNCED)


@transaction.atomic
def lift(suppression: Suppression, *, explanation: str, user: User, now: dt.datetime) -> None:
    """Let an address be written to again, and keep who decided that and why."""
    SuppressionRemoval.objects.create(
        address_hash=suppression.address_hash,
        scope=suppression.scope,
        reason=suppression.reason,
        suppressed_at=suppression.created_at,
        explanation=explanation,
        removed_by=user,
        removed_at=now,
    )
    suppression.delete()


def list_removals(address_hash: str | None = None) -> QuerySet[SuppressionRemoval]:
    """Return what was taken off the list, the newest first; of one address or of all."""
    removals = SuppressionRemoval.objects.select_related("removed_by")
    return removals if address_hash is None else removals.filter(address_hash=address_hash)
