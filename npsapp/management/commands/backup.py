"""manage.py backup: everything an installation knows, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from npsapp.backup.dumping import make_backup
from npsapp.readiness import require_database
from surveys.sending.watch import BACKUP, last_seen, note_alive


class Command(BaseCommand):
    help = (
        "Write database and uploaded files into one file. The keys are not in it: keep "
        "SUPPRESSION_KEY and LINK_SIGNING_KEY apart."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        now = timezone.now()
        require_database()
        # Written before, so that the backup itself knows of when it is.
        earlier = last_seen(BACKUP)
        note_alive(BACKUP, now=now)
        try:
            checksum, rows = make_backup(file, now=now)
        except BaseException:
            note_alive(BACKUP, now=earlier)
            raise
        self.stdout.write(f"{file}: {rows} rows, {file.stat().st_size} bytes, SHA-256 {checksum}")
