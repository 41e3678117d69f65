"""The engine's own statements, one or two per mail: planned once per connection, sent as they are.

PostgreSQL takes longer to plan the intent than to carry it out. Django's cursors put values into
the text, so that each would be planned anew. Values are text with a cast: a driver that has to find
out how an object is written takes longer over it than the database over the statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.utils import CursorWrapper

Values: TypeAlias = "Mapping[str, str | int | None]"


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    values: Values

    def execute(self) -> int:
        return execute(self.sql, self.values)


def execute(sql: str, values: Values) -> int:
    """Carry out a statement that commits by itself; return how many rows it changed.

    Errors and execute wrappers are Django's, as with a cursor of its own.
    """
    with _cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def execute_together(statements: tuple[str, ...], values: Values) -> int:
    """Carry out statements that commit together; return how many rows the last one changed.

    Each looks at what was committed when its turn comes. All are one journey to the server: what is
    sent up to the end of the pipeline is one transaction there.
    """
    if len(statements) == 1:
        return execute(statements[0], values)
    if not psycopg.Pipeline.is_supported():
        with transaction.atomic():
            return [execute(statement, values) for statement in statements][-1]
    with _cursor() as cursor:
        wrapper = cursor.db
        with wrapper.wrap_database_errors, wrapper.connection.pipeline():
            for statement in statements:
                cursor.execute(statement, values)
        return int(cursor.rowcount)


def _cursor() -> CursorWrapper:
    # Asked for once: `django.db.connection` looks for it anew at every step.
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.close_if_health_check_failed()
    wrapper.ensure_connection()
    server = wrapper.connection
    server.prepare_threshold = 0 if settings.DATABASE_PREPARES else None
    return CursorWrapper(psycopg.Cursor(server), wrapper)
