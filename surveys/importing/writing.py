"""CSV that a spreadsheet opens without running anything in it. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from surveys.importing.cells import FORMULA_STARTS

BOM = "\ufeff"


def protect(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would take for a formula."""
    start = text.lstrip(" \u00a0")[:1] or text[:1]
    return f"'{text}" if start and start in FORMULA_STARTS else text


def write_csv(
    header: Sequence[str],
    rows: Iterable[Sequence[str | int | float | None]],
    *,
    delimiter: str = ";",
) -> bytes:
    """Return the rows as a CSV file in UTF-8 with BOM; numbers stay numbers, text is protected."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
    for row in ([*header], *rows):
        writer.writerow([protect(cell) if isinstance(cell, str) else cell for cell in row])
    return (BOM + file.getvalue()).encode()
