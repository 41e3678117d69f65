"""What is in the tables: rows and a checksum of each, to compare before and after."""

from __future__ import annotations

from typing import Any, TypeAlias

import psycopg
from psycopg import sql

Measures: TypeAlias = dict[str, tuple[int, str]]

# What a restore changes on purpose: who may send, and who was seen alive.
CHANGED_COLUMNS = {"surveys_sender": ["held_until", "held_reason"]}
LIVING_TABLES = frozenset({"surveys_heartbeat"})
# Files of people's answers that can be made again, and must not be kept longer than their day.
LEFT_OUT = frozenset({"responses_exportfile", "responses_exportpiece"})

# Sixty bits of each row's MD5, added up: the order of the rows does not matter, and no table is
# ever held in memory. It finds what got lost on the way, not what somebody forged.
_MEASURE = sql.SQL("""
    SELECT count(*), coalesce(sum(('x' || left(md5({row}::text), 15))::bit(60)::bigint), 0)::text
      FROM public.{table} AS t
""")
_TABLES = """
    SELECT relname FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""


def measure_tables(database: psycopg.Connection[Any]) -> Measures:
    """Return (rows, checksum) per table of the product."""
    # Rows are compared as text, which must not depend on how a server is set up.
    database.execute("SET TIME ZONE 'UTC'")
    database.execute("SET DateStyle = 'ISO, YMD'")
    database.execute("SET bytea_output = 'hex'")
    measures: Measures = {}
    for (table,) in database.execute(_TABLES).fetchall():
        if table in LIVING_TABLES | LEFT_OUT:
            continue
        row = sql.SQL("t")
        if table in CHANGED_COLUMNS:
            row = sql.SQL("(to_jsonb(t) - {}::text[])").format(  # type: ignore[assignment]
                sql.Literal(CHANGED_COLUMNS[table])
            )
        found = database.execute(_MEASURE.format(row=row, table=sql.Identifier(table))).fetchone()
        if found is not None:
            measures[table] = (found[0], found[1])
    return measures


def find_differences(expected: Measures, found: Measures) -> list[str]:
    """Return one sentence per table that is not as it was."""
    sentences = []
    for table in sorted(expected.keys() | found.keys()):
        before, after = expected.get(table), found.get(table)
        if before is None or after is None:
            sentences.append(f"{table} is only there {'after' if before is None else 'before'}")
        elif before[0] != after[0]:
            sentences.append(f"{table} had {before[0]} rows and has {after[0]}")
        elif before[1] != after[1]:
            sentences.append(f"{table} has other contents")
    return sentences
