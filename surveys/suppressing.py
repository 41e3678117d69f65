"""Whom we must not write to any more: the one place that adds to the list."""

from __future__ import annotations

from django.db import transaction

from surveys.models import Invitation, Suppression


def suppress(
    address_hash: str, *, scope: Suppression.Scope | str, reason: Suppression.Reason | str
) -> Suppression:
    """Put an address on the list by its keyed hash, once per scope; the first reason stays."""
    return Suppression.objects.get_or_create(
        address_hash=address_hash, scope=scope, defaults={"reason": reason}
    )[0]


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
