"""manage.py restore: a backup in the place of what is in the database."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from npsapp.backup.restoring import restore_backup
from npsapp.erasing.replay import replay
from npsapp.management.commands.replay_erasures import add_erasures_argument, merge_ledgers
from npsapp.readiness import known_migrations


class Command(BaseCommand):
    help = (
        "Replace the database and the uploaded files by those of a backup. Stop web, worker and "
        "beat first. Afterwards no mail leaves until manage.py release_sending."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--overwrite",
            default="",
            metavar="DATABASE",
            help="the name of the database, when it may be overwritten although it has rows",
        )
        parser.add_argument(
            "--keys-are-lost",
            action="store_true",
            help="restore although SUPPRESSION_KEY or LINK_SIGNING_KEY is another one",
        )

        add_erasures_argument(parser)

    def handle(
        self,
        *args: Any,
        file: Path,
        overwrite: str,
        keys_are_lost: bool,
        erasures: list[Path],
        **options: Any,
    ) -> None:
        merge_ledgers(erasures)
        manifest = restore_backup(file, overwrite=overwrite, keys_are_lost=keys_are_lost)
        rows = sum(rows for rows, _ in manifest.tables.values())
        self.stdout.write(
            f"Restored {rows} rows of {len(manifest.tables)} tables, all as they were on"
            f" {manifest.made_at[:16].replace('T', ' ')} UTC."
        )
        applied = {(app, name) for app, name in manifest.migrations}
        if missing := known_migrations() - applied:
            call_command("migrate", interactive=False, verbosity=0)
            self.stdout.write(f"Migrated forward: {len(missing)} migrations.")
        self.stdout.write(
            str(replay(since=dt.datetime.fromisoformat(manifest.made_at), now=timezone.now()))
        )
        self.stdout.write(
            "No mail leaves until you say so: start web, worker and beat, then decide at"
            " /deliveries/held/ or with manage.py release_sending."
        )
