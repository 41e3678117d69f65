"""Accounts renamed, and two that are one company merged. An account is known by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from surveys.models import Account, Campaign

if TYPE_CHECKING:
    from npsapp.models import User

_BY_NAME = {"is", "is_not"}


class NameTaken(Exception):
    """Another account has this name, whatever its capitals."""

    def __init__(self, other: Account) -> None:
        super().__init__(other)
        self.other = other


@dataclass(frozen=True, slots=True)
class Merge:
    """What merging does: how many people move, and which campaigns name the account that goes."""

    people: int
    staying: int
    campaigns: list[Campaign]


def find_account(name: str, *, but: Account | None = None) -> Account | None:
    """Return the account of this name, whatever its capitals."""
    found = Account.objects.filter(name__iexact=" ".join(name.split()))
    if but:
        found = found.exclude(pk=but.pk)
    return found.order_by("pk").first()


def rename_account(account: Account, *, name: str) -> None:
    """Give an account another name, also where campaigns speak of it. Raises NameTaken."""
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account.pk)
        other = find_account(name, but=account)
        if other:
            raise NameTaken(other)
        _rewrite_campaigns(account.name, name)
        account.name = name
        account.save(update_fields=["name"])


def change_account(account: Account, *, name: str, owner: User | None) -> None:
    """Give an account a name and an owner. Raises NameTaken; then nothing is changed."""
    with transaction.atomic():
        rename_account(account, name=name)
        Account.objects.filter(pk=account.pk).update(owner=owner)


def look_ahead(going: Account, staying: Account) -> Merge:
    return Merge(
        people=going.contacts.count(),
        staying=staying.contacts.count(),
        campaigns=list(_campaigns_naming(going.name)),
    )


def merge_accounts(going: Account, *, into: Account) -> int:
    """Move the people of one account to another, and remove it; return how many moved.

    What they were asked and answered hangs on the people, and comes along.
    """
    if going.pk == into.pk:
        raise ValueError("An account cannot be merged into itself.")
    with transaction.atomic():
        both = Account.objects.select_for_update().filter(pk__in=[going.pk, into.pk])
        locked = {account.pk: account for account in both.order_by("pk")}
        going, into = locked[going.pk], locked[into.pk]
        moved = 0
        # Asked of the model: what points to accounts may lie downstream of this app too.
        for relation in Account._meta.related_objects:
            name = relation.field.name
            rows = relation.related_model._base_manager.filter(**{name: going})
            count = rows.update(**{name: into})
            moved += count if relation.name == "contacts" else 0
        _rewrite_campaigns(going.name, into.name)
        if into.owner_id is None and going.owner_id is not None:
            into.owner_id = going.owner_id
            into.save(update_fields=["owner"])
        going.delete()
    return moved


def _campaigns_naming(name: str) -> Iterator[Campaign]:
    """Yield the campaigns whose audience is chosen by this account."""
    found = Campaign.objects.filter(audience__contains=[{"property": "contact.account"}])
    for campaign in found.order_by("name"):
        if any(_names(condition, name) for condition in campaign.audience):
            yield campaign


def _names(condition: dict[str, Any], name: str) -> bool:
    return (
        condition["property"] == "contact.account"
        and condition["operator"] in _BY_NAME
        and name.lower() in [value.lower() for value in condition["values"]]
    )


def _rewrite_campaigns(before: str, after: str) -> None:
    for campaign in _campaigns_naming(before):
        for condition in campaign.audience:
            if _names(condition, before):
                values = [after if v.lower() == before.lower() else v for v in condition["values"]]
                condition["values"] = list(dict.fromkeys(values))
        campaign.save(update_fields=["audience"])
