"""Rows of a contacts file that speak of the same people: who is whom, and which come first.

A person is recognised by external id, then by e-mail address.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from surveys.importing.faults import Fault, Problem
from surveys.importing.people import Person
from surveys.models import Contact

BATCH = 2_000
# Rows that wait for each other's addresses in a longer chain than this are refused.
MOST_PASSES = 20


class Refusing(Protocol):
    """As much of a report as finding problems takes."""

    problems: list[Problem]
    refused: int

    def refuse(self, problem: Problem) -> None: ...


@dataclass(frozen=True, slots=True)
class Known:
    """As much of a contact as recognising it takes."""

    pk: int
    email: str
    external_id: str

    def __str__(self) -> str:
        return ", ".join(filter(None, [self.external_id, self.email]))


def recognise(people: list[Person], report: Refusing) -> Iterator[tuple[Person, int | None]]:
    """Yield each person with the primary key of the contact it is, or None for a new one.

    A row may free the address that an earlier one asks for, so rows that cannot be taken wait for
    the others; only what nobody freed is refused. Otherwise the same file would change something
    the second time.
    """
    directory = _Directory(people)
    for _ in range(MOST_PASSES):
        waiting = []
        for person in people:
            if directory.find_fault(person):
                waiting.append(person)
            else:
                yield person, directory.take(person)
        if len(waiting) == len(people):
            break
        people = waiting
    for person in people:
        if fault := directory.find_fault(person):
            report.refuse(Problem(person.line, "", *fault))


class _Directory:
    """Whom the ids and addresses of a file stand for, kept up to date as its rows are taken."""

    def __init__(self, people: list[Person]) -> None:
        self.by_id = _find_known("external_id", [person.external_id for person in people])
        self.by_email = _find_known("email", [person.email for person in people])
        # Whom the file names by external id is not recognised by the address of another row.
        self.named = {person.external_id: person.line for person in people if person.external_id}
        self.taken: dict[int, int] = {}

    def find(self, person: Person) -> Known | None:
        return self.by_id.get(person.external_id) or self.by_email.get(person.email)

    def find_fault(self, person: Person) -> tuple[Fault, str] | None:
        """Return why this row cannot be taken as things stand, with what a reader needs to know."""
        by_its_id = self.by_id.get(person.external_id)
        by_its_email = self.by_email.get(person.email)
        known = by_its_id or by_its_email
        if known is None:
            return None
        if by_its_id and by_its_email and by_its_id.pk != by_its_email.pk:
            return Fault.CONFLICT, f"{by_its_id}; {by_its_email}"
        if person.external_id and known.external_id not in {"", person.external_id}:
            return Fault.OTHER_EXTERNAL_ID, known.external_id
        if not person.external_id and known.external_id in self.named:
            return Fault.DOUBLE_ROW, str(self.named[known.external_id])
        if known.pk in self.taken:
            return Fault.DOUBLE_ROW, str(self.taken[known.pk])
        return None

    def take(self, person: Person) -> int | None:
        known = self.find(person)
        if known is None:
            return None
        self.taken[known.pk] = person.line
        current = Known(
            known.pk, person.email or known.email, person.external_id or known.external_id
        )
        self.by_email.pop(known.email, None)
        if current.email:
            self.by_email[current.email] = current
        if current.external_id:
            self.by_id[current.external_id] = current
        return known.pk


def _find_known(name: str, values: list[str]) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for batch in _cut(list(filter(None, values))):
        for row in Contact.objects.filter(**{f"{name}__in": batch}).values_list(
            "pk", "email", "external_id"
        ):
            known = Known(*row)
            found[getattr(known, name)] = known
    return found


def _cut(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]
