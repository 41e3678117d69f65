"""manage.py undo_import: take back what an import of responses brought."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from responses.importing import CannotUndo, undo_import
from surveys.models import ImportBatch


class Command(BaseCommand):
    help = "Remove exactly the answers that an import brought. The import stays in the history."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=int, metavar="ID", help="as import_responses printed it")

    def handle(self, *args: Any, id: int, **options: Any) -> None:  # noqa: A002
        batch = ImportBatch.objects.filter(pk=id).first()
        if batch is None:
            raise CommandError(f"There is no import {id}.")
        try:
            removed = undo_import(batch, now=timezone.now())
        except CannotUndo as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Import {id} ({batch.file_name}) undone: {removed} answers removed.")
