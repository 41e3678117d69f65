"""Whom we must not write to any more: the one place that adds to the list and asks it."""

from __future__ import annotations

from typing import Literal

from surveys.addresses import hash_address, normalise_address
from surveys.models import Suppression

Purpose = Literal["surveys", "other"]


def suppress(
    address_or_hash: str, *, scope: Suppression.Scope | str, reason: Suppression.Reason | str
) -> Suppression:
    """Put an address on the list, once per scope; the first reason stays.

    Takes the address itself or its keyed hash (the only thing left of an erased person).
    """
    return Suppression.objects.get_or_create(
        address_hash=_read_hash(address_or_hash), scope=scope, defaults={"reason": reason}
    )[0]


def suppress_dead_address(address_hash: str) -> None:
    """The mail server said that there is no such mailbox."""
    if address_hash:
        suppress(address_hash, scope=Suppression.Scope.ALL, reason=Suppression.Reason.BOUNCED)


def is_suppressed(address_or_hash: str, purpose: Purpose) -> bool:
    """Whether mail for this purpose may not be sent to the address."""
    scopes = [Suppression.Scope.ALL]
    if purpose == "surveys":
        scopes.append(Suppression.Scope.SURVEYS)
    return Suppression.objects.filter(
        address_hash=_read_hash(address_or_hash), scope__in=scopes
    ).exists()


def _read_hash(address_or_hash: str) -> str:
    if "@" not in address_or_hash:
        return address_or_hash
    return hash_address(normalise_address(address_or_hash))
