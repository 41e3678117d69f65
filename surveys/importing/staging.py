"""The rows of a contacts file in a table of the transaction, where the database tells who is who.

What a worker holds in memory does not grow with the file that way: only rows that have something
to do with each other (the same person twice, an address that moves from one to another) are looked
at together, by `surveys.importing.recognising`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

from django.db import connection

from surveys.importing.faults import Fault, Problem
from surveys.importing.headers import Field
from surveys.importing.people import Person, Reading
from surveys.importing.recognising import Refusing, recognise

T = TypeVar("T")

BATCH = 2_000
TABLE = """
    DROP TABLE IF EXISTS import_row;
    CREATE TEMPORARY TABLE import_row (
        line integer NOT NULL, email text NOT NULL, external_id text NOT NULL,
        account text NOT NULL, person text NOT NULL, contact bigint, turn integer NOT NULL DEFAULT 0
    ) ON COMMIT DROP
"""
COPY = "COPY import_row (line, email, external_id, account, person) FROM STDIN"
DOUBLES = """
    SELECT line, email, external_id FROM import_row
     WHERE external_id IN (SELECT external_id FROM import_row WHERE external_id <> ''
                           GROUP BY external_id HAVING count(*) > 1)
        OR email IN (SELECT email FROM import_row WHERE email <> ''
                     GROUP BY email HAVING count(*) > 1)
     ORDER BY line
"""
# Whom a row may be: by its id, and by its address. One person, whom no other row may be, is simple.
MATCHES = """
    DROP TABLE IF EXISTS import_match;
    CREATE TEMPORARY TABLE import_match ON COMMIT DROP AS
    SELECT line, contact, is_other_id,
           count(*) OVER (PARTITION BY line) > 1 OR count(*) OVER (PARTITION BY contact) > 1
               AS is_shared
      FROM (SELECT r.line, c.id AS contact, false AS is_other_id
              FROM import_row r JOIN surveys_contact c ON c.external_id = r.external_id
             WHERE r.external_id <> ''
             UNION
            SELECT r.line, c.id,
                   r.external_id <> '' AND c.external_id <> '' AND c.external_id <> r.external_id
              FROM import_row r JOIN surveys_contact c ON c.email = r.email
             WHERE r.email <> '') AS found
"""
SIMPLE = """
    UPDATE import_row SET contact = import_match.contact FROM import_match
     WHERE import_match.line = import_row.line AND NOT is_shared AND NOT is_other_id
"""
ENTANGLED = """
    SELECT line, email, external_id FROM import_row
     WHERE line IN (SELECT line FROM import_match WHERE is_shared OR is_other_id) ORDER BY line
"""
ACCOUNTS = "SELECT account FROM import_row WHERE account <> '' GROUP BY account ORDER BY min(line)"


def stage_people(
    readings: Iterable[Reading], report: Refusing, columns: Mapping[Field, str]
) -> None:
    """Put the people of the good rows into the table; refuse the rows that cannot be taken.

    Needs a transaction, with whose end the table goes.
    """
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    for batch in batched(readings, BATCH):
        for reading in batch:
            report.problems += reading.problems
            report.refused += reading.person is None
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            for reading in batch:
                if reading.person:
                    copy.write_row(_pack(reading.person))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE import_row")
    _refuse_doubles(report, columns)
    _find_contacts(report)


def _pack(person: Person) -> tuple[int, str, str, str, str]:
    rest = [
        person.first_name, person.last_name, person.language, person.properties, person.time_zone,
    ]  # fmt: skip
    packed = json.dumps(rest, ensure_ascii=False)
    return person.line, person.email, person.external_id, person.account, packed


def _refuse_doubles(report: Refusing, columns: Mapping[Field, str]) -> None:
    """A second row about the same person is refused; a refused row stands in nobody's way."""
    lines: dict[tuple[Field, str], int] = {}
    refused = []
    for person in _read_persons(DOUBLES):
        keys = [(Field.EXTERNAL_ID, person.external_id), (Field.EMAIL, person.email)]
        keys = [(use, value) for use, value in keys if value]
        double = next((key for key in keys if key in lines), None)
        if double is None:
            lines.update(dict.fromkeys(keys, person.line))
            continue
        earlier = str(lines[double])
        report.refuse(Problem(person.line, columns[double[0]], Fault.DOUBLE_ROW, earlier))
        refused.append(person.line)
    _remove(refused)


def _find_contacts(report: Refusing) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MATCHES)
        cursor.execute("ANALYZE import_match")
        cursor.execute(SIMPLE)
    entangled = list(_read_persons(ENTANGLED))
    if not entangled:
        return
    turns = [
        (person.line, pk, turn) for turn, (person, pk) in enumerate(recognise(entangled, report), 1)
    ]
    _remove({person.line for person in entangled} - {line for line, _pk, _turn in turns})
    if not turns:
        return
    lines, contacts, order = (list(column) for column in zip(*turns, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE import_row SET contact = found.contact, turn = found.turn
                 FROM unnest(%s::int[], %s::bigint[], %s::int[]) AS found (line, contact, turn)
                WHERE found.line = import_row.line""",
            [lines, contacts, order],
        )


def _read_persons(query: str) -> Iterator[Person]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        for line, email, external_id in cursor.fetchall():
            yield Person(line, email=email, external_id=external_id)


def _remove(lines: Iterable[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM import_row WHERE line = ANY(%s)", [list(lines)])


def list_staged(size: int) -> Iterator[list[tuple[Person, int | None]]]:
    """Yield the people in portions, each with the key of the contact it is, None for a new one.

    Who takes an address that another gives up comes after them.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT line, email, external_id, account, person, contact FROM import_row"
            " ORDER BY turn, line"
        )
        while rows := cursor.fetchmany(size):
            yield [(_unpack(*row[:5]), row[5]) for row in rows]


def _unpack(line: int, email: str, external_id: str, account: str, packed: str) -> Person:
    first_name, last_name, language, properties, zone = json.loads(packed)
    return Person(
        line, email, external_id, first_name, last_name, language, account, properties, zone
    )


def list_account_names() -> list[str]:
    """Return the names of accounts in the file, in its order."""
    with connection.cursor() as cursor:
        cursor.execute(ACCOUNTS)
        return [name for (name,) in cursor.fetchall()]


def batched(things: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(things)
    while batch := list(islice(iterator, size)):
        yield batch
