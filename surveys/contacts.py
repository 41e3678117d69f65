"""A contact changed by hand: the address in its normal form, and mails that follow it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from surveys.addresses import hash_address
from surveys.importing.contacts import readdress_invitations
from surveys.models import Account, Contact


@transaction.atomic
def save_contact(contact: Contact, *, account: str, properties: dict[str, Any]) -> Contact:
    """Save what a form filled in. An account is known by its name, whatever its capitals."""
    before = Contact.objects.filter(pk=contact.pk).values_list("email", flat=True).first()
    contact.account = _find_account(account)
    # A key that no field was shown for keeps its value.
    merged = contact.properties | properties
    contact.properties = {key: value for key, value in merged.items() if value != ""}
    contact.address_hash = hash_address(contact.email)
    contact.save()
    if before is not None and before != contact.email:
        readdress_invitations([contact.pk])
    return contact


def _find_account(name: str) -> Account | None:
    if not name:
        return None
    known = Account.objects.filter(name__iexact=name).first()
    return known or Account.objects.create(name=name)
