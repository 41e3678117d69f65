"""Bringing people in: whom we know is brought up to date, the others are added.

A person is recognised by external id, then by e-mail address. An empty cell never erases anything,
so importing the same file again changes nothing. A bad row never takes a good one with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery

from surveys.addresses import hash_address
from surveys.importing.faults import Problem, Problems
from surveys.importing.headers import Field
from surveys.importing.people import Person, column_key, read_people
from surveys.importing.reading import Table
from surveys.importing.recognising import BATCH
from surveys.importing.running import Tell
from surveys.importing.staging import list_account_names, list_staged, stage_people
from surveys.models import Account, Contact, ImportBatch, Invitation, Property

T = TypeVar("T")

_UPDATED = [
    "email",
    "address_hash",
    "external_id",
    "first_name",
    "last_name",
    "language",
    "time_zone",
    "account",
    "properties",
    "updated_at",
]


@dataclass(slots=True)
class Report(Problems):
    """What an import did, or would do. Every row is in exactly one of the four counts."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def rows(self) -> int:
        return self.new + self.changed + self.unchanged + self.refused

    @property
    def usable(self) -> int:
        return self.rows - self.refused

    def refuse(self, problem: Problem) -> None:
        self.refused += 1
        self.problems.append(problem)


def preview_contacts(
    table: Table,
    uses: Sequence[Field],
    *,
    now: dt.datetime,
    tell: Tell = lambda done, total: None,
) -> Report:
    """Return what `import_contacts` would do now; writes nothing."""
    report = Report()
    size = max(len(table.lines) - table.first, 1)
    readings = _counted(read_people(table, uses), lambda done: tell(done // 2, size))
    with transaction.atomic():
        stage_people(readings, report, _columns(table, uses))
        for batch in list_staged(BATCH):
            _compare(batch, report, accounts={}, now=now)
            tell((size + min(report.rows, size)) // 2, size)
    return _in_order(report)


def import_contacts(
    table: Table,
    uses: Sequence[Field],
    *,
    now: dt.datetime,
    batch: ImportBatch | None = None,
    tell: Tell = lambda done, total: None,
) -> Report:
    """Write the usable rows of a file, all of them or (when the database fails) none.

    `tell` hears how many of how many rows are done; reading the file counts for half.
    """
    report = Report()
    size = max(len(table.lines) - table.first, 1)
    readings = _counted(read_people(table, uses), lambda done: tell(done // 2, size))
    with transaction.atomic():
        # Two imports at once would both find a new person missing. Others keep reading.
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE surveys_contact IN SHARE ROW EXCLUSIVE MODE")
        stage_people(readings, report, _columns(table, uses))
        declare_properties(table, uses)
        accounts = _find_accounts(list_account_names())
        for part in list_staged(BATCH):
            new, changed, readdressed = _compare(part, report, accounts=accounts, now=now)
            for contact in new:
                contact.import_batch = batch
            # Changed ones first: a new person may have an address that one of them gives up.
            Contact.objects.bulk_create(
                changed, update_conflicts=True, unique_fields=["id"], update_fields=_UPDATED
            )
            Contact.objects.bulk_create(new)
            readdress_invitations(readdressed)
            tell((size + min(report.rows, size)) // 2, size)
    return _in_order(report)


def _counted(things: Iterable[T], tell: Callable[[int], None]) -> Iterator[T]:
    """Pass things on, and tell now and then how many they were so far."""
    for count, thing in enumerate(things, 1):
        if not count % BATCH:
            tell(count)
        yield thing


def declare_properties(table: Table, uses: Sequence[Field]) -> None:
    """Make sure that every column chosen as a property is known as one."""
    for index, use in enumerate(uses):
        if use in {Field.PROPERTY, Field.SEGMENT}:
            declared, _ = Property.objects.get_or_create(
                key=column_key(table.header, index), defaults={"label": table.header[index][:120]}
            )
            if use == Field.SEGMENT and not declared.is_segment:
                declared.is_segment = True
                declared.save(update_fields=["is_segment"])


def _columns(table: Table, uses: Sequence[Field]) -> dict[Field, str]:
    return {use: name for use, name in zip(uses, table.header, strict=True) if use}


def _find_accounts(found: list[str]) -> dict[str, Account]:
    """Return the accounts by name, whatever its capitals; those that are missing are added."""
    names: dict[str, str] = {}
    for name in found:
        names.setdefault(name.casefold(), name)
    accounts = {account.name.casefold(): account for account in Account.objects.all()}
    missing = [Account(name=name) for folded, name in names.items() if folded not in accounts]
    for account in Account.objects.bulk_create(missing):
        accounts[account.name.casefold()] = account
    return accounts


def _compare(
    batch: list[tuple[Person, int | None]],
    report: Report,
    *,
    accounts: dict[str, Account],
    now: dt.datetime,
) -> tuple[list[Contact], list[Contact], list[int]]:
    """Return the contacts to add, those to change, and the keys of those who moved address."""
    contacts = Contact.objects.select_related("account").in_bulk(
        [pk for _, pk in batch if pk is not None]
    )
    new, changed, readdressed = [], [], []
    for person, pk in batch:
        contact = contacts[pk] if pk is not None else Contact()
        address = contact.email
        if not update_contact(contact, person, accounts):
            report.unchanged += 1
            continue
        contact.updated_at = now
        if pk is None:
            report.new += 1
            new.append(contact)
            continue
        report.changed += 1
        changed.append(contact)
        if contact.email != address:
            readdressed.append(pk)
    return new, changed, readdressed


def update_contact(contact: Contact, person: Person, accounts: dict[str, Account]) -> bool:
    """Take over what the row says; return whether that changed anything. Nothing is saved."""
    changed = False
    for name in ("email", "external_id", "first_name", "last_name", "language", "time_zone"):
        value = getattr(person, name)
        if value and value != getattr(contact, name):
            setattr(contact, name, value)
            changed = True
    contact.address_hash = hash_address(contact.email)
    current = contact.account.name if contact.account else ""
    if person.account and person.account.casefold() != current.casefold():
        contact.account = accounts.get(person.account.casefold())
        changed = True
    merged = contact.properties | person.properties
    if merged != contact.properties:
        contact.properties = merged
        changed = True
    return changed


def readdress_invitations(contacts: list[int]) -> None:
    """Let mails that have not left follow the person, and be checked against the new address."""
    if contacts:
        address_hash = Contact.objects.filter(pk=OuterRef("contact")).values("address_hash")
        Invitation.objects.filter(contact__in=contacts, state=Invitation.State.SCHEDULED).update(
            address_hash=Subquery(address_hash)
        )


def _in_order(report: Report) -> Report:
    report.problems.sort(key=lambda problem: problem.line)
    return report
