"""Rows written as CSV or as a workbook, with nothing in them that a spreadsheet would run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from django.db import models
from django.utils.translation import gettext_lazy as _

from responses.exporting import Cell
from surveys.importing.writing import stream_csv

# What one sheet of a workbook can hold, its header included.
MOST_ROWS_OF_A_SHEET = 1_048_576
LONGEST_CELL = 32_767
_FIRST_DAY = dt.date(1900, 1, 1)
_WIDTHS = {"answered_at": 19, "comment": 60, "name": 24, "account": 24, "email": 30, "tags": 24}


class FileStyle(models.TextChoices):
    """What a CSV file must look like for the program that opens it."""

    SEMICOLON = "semicolon", _("Excel in Dutch and most of Europe (; between columns)")
    COMMA = "comma", _("Excel in English (, between columns)")
    PLAIN = "plain", _("Other programs (, between columns, without BOM)")

    @property
    def delimiter(self) -> str:
        return ";" if self == FileStyle.SEMICOLON else ","

    @property
    def has_bom(self) -> bool:
        return self != FileStyle.PLAIN


class ExportStyle(models.TextChoices):
    """The same, and a workbook."""

    XLSX = "xlsx", _("Excel workbook (.xlsx)")
    SEMICOLON = "semicolon", _("CSV for Excel in Dutch and most of Europe (; between columns)")
    COMMA = "comma", _("CSV for Excel in English (, between columns)")
    PLAIN = "plain", _("CSV for other programs (, between columns, without BOM)")

    @property
    def csv(self) -> FileStyle | None:
        """How it is written as CSV; None for the workbook."""
        return None if self == ExportStyle.XLSX else FileStyle(self.value)

    @property
    def extension(self) -> str:
        return "csv" if self.csv else "xlsx"

    @property
    def content_type(self) -> str:
        if self.csv:
            return "text/csv; charset=utf-8"
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _Number:
    """A number of a CSV file: no text, so that nothing stands before the sign of a negative one."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


def stream_rows(
    header: Sequence[str], rows: Iterable[Sequence[Cell]], style: FileStyle
) -> Iterator[bytes]:
    """Yield a CSV file line by line."""
    written = ([_write_cell(cell, style) for cell in row] for row in rows)
    return stream_csv(header, written, delimiter=style.delimiter, bom=style.has_bom)


def _write_cell(cell: Cell, style: FileStyle) -> object:
    if isinstance(cell, Decimal):
        # Where ; stands between columns, a comma stands before decimals: 1.5 would be a date.
        text = f"{cell:f}"
        return _Number(text.replace(".", ",") if style == FileStyle.SEMICOLON else text)
    if isinstance(cell, dt.datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    return cell.isoformat() if isinstance(cell, dt.date) else cell


def write_workbook(
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    path: Path,
    *,
    most_rows: int = MOST_ROWS_OF_A_SHEET,
) -> None:
    """Write a workbook row by row; what one sheet cannot hold goes on in the next.

    Nothing of a text is interpreted: no formula, no link, no number that only looks like one.
    """
    options = {
        "constant_memory": True,
        "tmpdir": str(path.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet, at, sheets = None, most_rows, 0
        for row in rows:
            if sheet is None or at >= most_rows:
                sheets += 1
                sheet, at = _begin_sheet(book, header, sheets, bold), 1
            for column, cell in enumerate(row):
                _put(sheet, at, column, cell, day=day, moment=moment)
            at += 1
        if sheet is None:
            _begin_sheet(book, header, 1, bold)


def _begin_sheet(book: Any, header: Sequence[str], number: int, bold: Any) -> Any:
    sheet = book.add_worksheet("responses" if number == 1 else f"responses {number}")
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(header):
        sheet.set_column(column, column, _WIDTHS.get(name, max(10, min(len(name) + 2, 30))))
        sheet.write_string(0, column, name, bold)
    return sheet


def _put(sheet: Any, row: int, column: int, cell: Cell, *, day: Any, moment: Any) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        sheet.write_string(row, column, cell[:LONGEST_CELL])
    elif isinstance(cell, dt.datetime):
        sheet.write_datetime(row, column, cell, moment)
    elif isinstance(cell, dt.date):
        if cell < _FIRST_DAY:
            # The calendar of a workbook begins here.
            sheet.write_string(row, column, cell.isoformat())
        else:
            sheet.write_datetime(row, column, cell, day)
    elif isinstance(cell, Decimal) and len(cell.as_tuple().digits) > 15:
        # A workbook keeps fifteen digits: a longer number would come back as another one.
        sheet.write_string(row, column, f"{cell:f}")
    else:
        sheet.write_number(row, column, cell)


Say = Callable[[int], None]


def count_rows(rows: Iterable[Sequence[Cell]], say: Say) -> Iterator[Sequence[Cell]]:
    """Pass rows on, telling how many there were so far."""
    for number, row in enumerate(rows, 1):
        yield row
        say(number)
