"""CSV that a spreadsheet opens without running anything in it. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

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
    return b"".join(stream_csv(header, rows, delimiter=delimiter, bom=True))


def stream_csv(
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    delimiter: str,
    bom: bool,
) -> Iterator[bytes]:
    """Yield the same file line by line, so that none of any length has to fit into memory.

    Excel takes a file without `bom` for one in the code page of its machine. What is no text is
    written as `str` has it.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
    if bom:
        yield BOM.encode()
    for row in chain([header], rows):
        writer.writerow([protect(cell) if isinstance(cell, str) else cell for cell in row])
        yield file.getvalue().encode()
        file.seek(0)
        file.truncate()
