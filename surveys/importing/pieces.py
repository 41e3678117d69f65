"""An uploaded file taken out of the database piece by piece: whole it would be held thrice."""

from __future__ import annotations

import io

from django.db import connection

from surveys.models import ImportBatch

PIECE = 1024 * 1024


def read_content(batch: ImportBatch) -> bytes:
    """Return the file of a batch, b"" when it is gone."""
    content = io.BytesIO()
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT substring(content FROM %s FOR %s) FROM surveys_importbatch WHERE id = %s",
                [content.tell() + 1, PIECE, batch.pk],
            )
            row = cursor.fetchone()
            if row is None or not row[0]:
                # Of a buffer that is exactly full this is the buffer itself, not a copy.
                return content.getvalue()
            content.write(row[0])
