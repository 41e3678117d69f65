"""From the rows of a contacts file to people, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from surveys.addresses import InvalidAddress, normalise_address
from surveys.importing.cells import clean_cell, read_language, read_time_zone, split_name
from surveys.importing.faults import BadCell, Fault, Problem, UnreadableFile
from surveys.importing.headers import Field, count_known, property_key
from surveys.importing.reading import Row, Table, read_table
from surveys.importing.values import Reader, find_kinds, make_readers

LONGEST = {Field.EXTERNAL_ID: 120, Field.ACCOUNT: 160}
LONGEST_NAME = 80
_PROPERTIES = frozenset({Field.PROPERTY, Field.SEGMENT})
_NAMES = (Field.NAME, Field.FIRST_NAME, Field.INFIX, Field.LAST_NAME)


@dataclass(slots=True)
class Person:
    """What one row says of somebody; '' where it says nothing."""

    line: int
    email: str = ""
    external_id: str = ""
    first_name: str = ""
    last_name: str = ""
    language: str = ""
    account: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    time_zone: str = ""


@dataclass(slots=True)
class Reading:
    """A row, the person in it unless it was refused, and what is wrong with it."""

    row: Row
    person: Person | None
    problems: list[Problem]


def read_contacts_table(content: bytes) -> Table:
    """Return the table of a contacts file; raises UnreadableFile."""
    table = read_table(content, count_known)
    if any("@" in name for name in table.header):
        raise UnreadableFile(Fault.NO_HEADER)
    return table


def column_key(header: Sequence[str], index: int) -> str:
    """Return the key of the property that a column becomes."""
    return property_key(header[index]) or f"column_{index + 1}"


def read_people(table: Table, uses: Sequence[Field]) -> Iterator[Reading]:
    """Yield one reading per row; `uses` says what each column is for."""
    columns = [
        (index, use, table.header[index], column_key(table.header, index))
        for index, use in enumerate(uses)
        if use
    ]
    places = {index: key for index, use, _name, key in columns if use in _PROPERTIES}
    readers = make_readers(table, places.items(), find_kinds(places.values()))
    for row in table.rows():
        if row.fault:
            column = row.detail if row.fault == Fault.CELL_TOO_LONG else ""
            problem = Problem(row.line, column, row.fault, row.detail)
            yield Reading(row, None, [problem])
        else:
            yield _read_row(row, columns, readers)


def _read_row(
    row: Row, columns: Sequence[tuple[int, Field, str, str]], readers: Mapping[int, Reader]
) -> Reading:
    person = Person(row.line)
    problems: list[Problem] = []
    names: dict[Field, str] = {}
    for index, use, column, key in columns:
        cell = row.cells[index]
        if not cell:
            continue
        try:
            _take(person, names, use, key, cell, readers.get(index))
        except BadCell as error:
            refused = error.fault not in {Fault.UNKNOWN_LANGUAGE, Fault.UNKNOWN_TIME_ZONE}
            problems.append(Problem(row.line, column, error.fault, error.detail, refused))
    person.first_name, person.last_name, was_cut = _compose_name(names)
    if was_cut:
        problems.append(Problem(row.line, "", Fault.NAME_CUT, str(LONGEST_NAME), refused=False))
    refused = any(problem.refused for problem in problems)
    if not refused and not person.email and not person.external_id:
        problems.append(Problem(row.line, "", Fault.NO_IDENTITY))
        refused = True
    return Reading(row, None if refused else person, problems)


def _take(
    person: Person,
    names: dict[Field, str],
    use: Field,
    key: str,
    cell: str,
    reader: Reader | None,
) -> None:
    text = clean_cell(cell, single_line=use not in _PROPERTIES)
    if not text:
        return
    if use in _PROPERTIES:
        person.properties[key] = reader(text) if reader else text
    elif use == Field.EMAIL:
        person.email = read_address(text)
    elif use == Field.LANGUAGE:
        person.language = read_language(text)
    elif use == Field.TIME_ZONE:
        person.time_zone = read_time_zone(text)
    elif use in _NAMES:
        names[use] = " ".join(text.split())
    else:
        if len(text) > LONGEST[use]:
            raise BadCell(Fault.CELL_TOO_LONG)
        setattr(person, use.value, text)


def read_address(text: str) -> str:
    """Return the address in its normal form; raises BadCell."""
    try:
        return normalise_address(text.removeprefix("mailto:"))
    except InvalidAddress:
        raise BadCell(Fault.BAD_ADDRESS, text[:80]) from None


def _compose_name(names: dict[Field, str]) -> tuple[str, str, bool]:
    """Return first name, last name with its tussenvoegsel, and whether either had to be cut."""
    first = names.get(Field.FIRST_NAME, "")
    last = f"{names.get(Field.INFIX, '')} {names.get(Field.LAST_NAME, '')}".strip()
    if not first and not last:
        first, last = split_name(names.get(Field.NAME, ""))
    was_cut = max(len(first), len(last)) > LONGEST_NAME
    return first[:LONGEST_NAME].rstrip(), last[:LONGEST_NAME].rstrip(), was_cut
