"""What the database holds, row by row: the proof that something wrote nothing."""

from __future__ import annotations

from django.db import connection


def snapshot_rows() -> dict[str, tuple[int, str]]:
    """Return, for each table, the number of rows and a digest of their contents and versions.

    `xmin` is the transaction that wrote a row: even an update that changes nothing shows.
    """
    snapshot = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            name = connection.ops.quote_name(table)
            cursor.execute(
                "SELECT count(*), coalesce(md5(string_agg(t.xmin::text || t::text, '|' "  # noqa: S608
                f"ORDER BY t.ctid)), '') FROM {name} t"
            )
            count, digest = cursor.fetchone()
            snapshot[table] = (count, digest)
    return snapshot
