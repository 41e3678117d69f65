"""Whom we must not write to any more: the one place that changes the list."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from npsapp.models import User
from surveys.models import Invitation, Suppression, SuppressionRemoval, get_organisation


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


@transaction.atomic
def ask_again(invitation: Invitation, *, now: dt.datetime) -> None:
    """Take back what `stop_asking` did, and nothing that another reason put on the list."""
    hashes = {invitation.address_hash}
    if invitation.contact:
        hashes.add(invitation.contact.address_hash)
    left = Suppression.objects.unsubscribed().filter(address_hash__in=hashes - {""})
    for suppression in left.select_for_update().order_by("pk"):
        with override(get_organisation().default_language):
            explanation = _("The person came back by the link in our mail.")
        lift(suppression, explanation=explanation, user=None, now=now)


def suppress_dead_address(address_hash: str) -> None:
    """The mail server said that there is no such mailbox."""
    if address_hash:
        suppress(address_hash, scope=Suppression.Scope.ALL, reason=Suppression.Reason.BOUNCED)


@transaction.atomic
def lift(
    suppression: Suppression, *, explanation: str, user: User | None, now: dt.datetime
) -> None:
    """Let an address be written to again, and keep why and who decided that; no user: the person
    who has the address."""
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


def suppress_unreachable(address_hash: str) -> None:
    """Mail came back for weeks, each time only for the moment."""
    suppress(address_hash, scope=Suppression.Scope.ALL, reason=Suppression.Reason.KEEPS_BOUNCING)


def suppress_unsubscribed(address_hash: str) -> None:
    """Unsubscribed at the mail service instead of by our own link."""
    suppress(address_hash, scope=Suppression.Scope.SURVEYS, reason=Suppression.Reason.UNSUBSCRIBED)


def suppress_complainer(address_hash: str) -> None:
    """Marked our mail as spam: that outlives every milder reason on the list."""
    listed = suppress(
        address_hash, scope=Suppression.Scope.ALL, reason=Suppression.Reason.COMPLAINED
    )
    if listed.reason in {Suppression.Reason.BOUNCED, Suppression.Reason.KEEPS_BOUNCING}:
        listed.reason = Suppression.Reason.COMPLAINED
        listed.save(update_fields=["reason"])
