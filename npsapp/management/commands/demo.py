"""Build or remove the sample company."""

from __future__ import annotations

import shutil
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from npsapp.demo.building import HasData, build_sample, is_empty, remove_sample
from npsapp.demo.logins import LOGINS, PASSWORD
from npsapp.outbox import leaves_for_real


class Command(BaseCommand):
    help = "Fill an empty database with a fictional web shop, or remove it again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--remove", action="store_true", help="empty the database again")
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing, quietly, when there is data"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            self.remove()
        elif not options["if_empty"] or is_empty():
            self.build()

    def build(self) -> None:
        if leaves_for_real():
            raise CommandError(
                "EMAIL_URL names a mail server, and sample data must never mail anybody. "
                "Unset it, or use another database."
            )
        try:
            build_sample(now=timezone.now())
        except HasData:
            raise CommandError(
                "This database has data in it. Sample data goes into an empty one only."
            ) from None
        self.stdout.write(f"Built the sample company. Log in as {', '.join(LOGINS)}: {PASSWORD}")

    def remove(self) -> None:
        try:
            remove_sample()
        except HasData:
            raise CommandError("There is no sample data here; nothing was removed.") from None
        shutil.rmtree(settings.OUTBOX_DIR, ignore_errors=True)
        self.stdout.write("Removed the sample company and its mail. The database is empty now.")
