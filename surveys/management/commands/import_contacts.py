"""manage.py import_contacts: bring people in from a CSV file, as the page Import contacts does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from surveys.importing.batches import confirm_batch, open_batch, propose_uses, write_problems
from surveys.importing.contacts import Report, preview_contacts
from surveys.importing.explaining import DELIMITER_NAMES
from surveys.importing.headers import Field, simplify
from surveys.importing.people import read_contacts_table
from surveys.importing.printing import NOTHING_USABLE, UNREADABLE, describe_groups, reading
from surveys.importing.reading import Table


class Command(BaseCommand):
    help = (
        "Import contacts from a CSV file. People are recognised by external id, then by e-mail; "
        "empty cells never erase anything, and the same file again changes nothing. "
        "Ends with 0 when rows could be used, even if others were refused; with 1 when none could; "
        "with 2 when the file cannot be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
        parser.add_argument(
            "--problems", type=Path, metavar="OUT.csv", help="write the refused rows to this file"
        )
        parser.add_argument(
            "--property", action="append", default=[], metavar="COLUMN", help="keep this column too"
        )
        parser.add_argument(
            "--segment",
            action="append",
            default=[],
            metavar="COLUMN",
            help="keep this column, and compare results by it",
        )

    def handle(
        self,
        *args: Any,
        file: Path,
        dry_run: bool,
        problems: Path | None,
        property: list[str],  # noqa: A002
        segment: list[str],
        **options: Any,
    ) -> None:
        now = timezone.now()
        with reading(file):
            content = file.read_bytes()
            table = read_contacts_table(content)
            uses = propose_uses(table)
            choose(table, uses, property, Field.PROPERTY)
            choose(table, uses, segment, Field.SEGMENT)
            report = preview_contacts(table, uses, now=now)
            if (report.new or report.changed) and not dry_run:
                batch = open_batch(content, file.name, user=None, now=now, uses=uses, was_seen=True)
                confirm_batch(batch, user=None, now=now)
        self.print_report(table, uses, report, dry_run=dry_run)
        if problems:
            problems.write_bytes(write_problems(table, report.refusals))
            self.stdout.write(f"Refused rows: {problems}")
        if not report.usable:
            raise CommandError("No row could be used.", returncode=NOTHING_USABLE)

    def print_report(
        self, table: Table, uses: Sequence[Field], report: Report, *, dry_run: bool
    ) -> None:
        delimiter = DELIMITER_NAMES.get(table.delimiter, table.delimiter)
        self.stdout.write(f"Read as {table.encoding}, separated by {delimiter}.")
        for name, use in zip(table.header, uses, strict=True):
            self.stdout.write(f"  {name or '(no name)'} -> {use.value or 'left out'}")
        self.stdout.write(
            f"{report.rows} rows: {report.new} new, {report.changed} changed, "
            f"{report.unchanged} unchanged, {report.refused} refused."
        )
        groups = {"Refused:": report.refusals, "Remarks:": report.remarks}
        for line in describe_groups(groups):
            self.stdout.write(line)
        if dry_run:
            self.stdout.write("Dry run: nothing was written.")


def choose(table: Table, uses: list[Field], columns: list[str], use: Field) -> None:
    """Mark columns, named as the file names them, as properties."""
    for column in columns:
        found = [i for i, name in enumerate(table.header) if simplify(name) == simplify(column)]
        if not found:
            raise CommandError(
                f"There is no column {column!r}. Columns: {', '.join(table.header)}.",
                returncode=UNREADABLE,
            )
        uses[found[0]] = use
