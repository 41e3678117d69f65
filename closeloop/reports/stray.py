"""Mails that belong nowhere, each with the follow-ups that it might belong to."""

from __future__ import annotations

from dataclasses import dataclass, field

from closeloop.models import FollowUp, ReceivedMail
from surveys.addresses import InvalidAddress, hash_address, normalise_address

MOST_SUGGESTIONS = 3


@dataclass(slots=True)
class Stray:
    mail: ReceivedMail
    suggestions: list[FollowUp] = field(default_factory=list)


def describe_strays(mails: list[ReceivedMail]) -> list[Stray]:
    """Suggested are the newest follow-ups of whoever has that address (one query for all)."""
    hashes = {mail.pk: _hash(mail.from_email) for mail in mails}
    found = (
        FollowUp.objects.filter(response__contact__address_hash__in=set(hashes.values()) - {""})
        .select_related("response__contact", "response__survey")
        .order_by("-opened_at", "-pk")
    )
    by_hash: dict[str, list[FollowUp]] = {}
    for follow_up in found:
        contact = follow_up.response.contact
        if contact:
            by_hash.setdefault(contact.address_hash, []).append(follow_up)
    return [Stray(mail, by_hash.get(hashes[mail.pk], [])[:MOST_SUGGESTIONS]) for mail in mails]


def _hash(address: str) -> str:
    try:
        return hash_address(normalise_address(address)) if address else ""
    except InvalidAddress:
        return ""
