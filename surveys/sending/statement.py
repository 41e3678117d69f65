"""The engine's own statements, one or two per mail: planned once per connection, sent as they are.

PostgreSQL takes longer to plan the intent than to carry it out. Django's cursors put values into
the text, so that each would be planned anew. Values are text with a cast: a driver that has to find
out how an object is written takes longer over it than the database over the statement.
"""

from __future__ import annotations

import psycopg
from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper


def execute(sql: str, values: dict[str, str | int | None]) -> int:
    """Carry out a statement that commits by itself; return how many rows it changed.

    Errors and execute wrappers are Django's, as with a cursor of its own.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    server = connection.connection
    server.prepare_threshold = 0 if settings.DATABASE_PREPARES else None
    with CursorWrapper(psycopg.Cursor(server), connection) as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)
