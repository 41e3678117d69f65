"""manage.py export_person: everything that is kept about one person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from npsapp.exporting import export_person, write_json, write_table
from npsapp.management.commands.erase import read_address
from surveys.models import Contact


class Command(BaseCommand):
    help = "Print everything that is kept about a person as JSON, or write it to files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help="write to this file; a name ending in .csv gets a table",
        )

    def handle(self, *args: Any, email: str, output: Path | None, **options: Any) -> None:
        person = Contact.objects.filter(email=read_address(email)).first()
        if person is None:
            raise CommandError("There is no contact with this address.")
        exported = export_person(person, now=timezone.now())
        if output is None:
            self.stdout.write(write_json(exported).decode(), ending="")
            return
        is_table = output.suffix.lower() == ".csv"
        output.touch(mode=0o600)
        output.write_bytes(write_table(exported) if is_table else write_json(exported))
        self.stdout.write(f"Written: {output}")
