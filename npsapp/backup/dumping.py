"""Making a backup: the database as it was at one moment, and the uploaded files."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from npsapp.backup.archive import DATABASE, ERASURES, list_files, take_fingerprints, write_archive
from npsapp.backup.clients import find_clients
from npsapp.backup.measuring import LEFT_OUT, measure_tables
from npsapp.erasing.ledger import find_file
from npsapp.readiness import connect, read_migrations


def find_media() -> Path | None:
    """The folder of uploaded files; None as long as nothing can be uploaded."""
    return Path(settings.MEDIA_ROOT) if settings.MEDIA_ROOT else None


def copy_erasures(place: Path) -> dict[str, Path]:
    """Who was erased, as it stands now: a copy, because the file may grow while it is packed."""
    ledger, copy = find_file(), place / ERASURES
    if not ledger.exists():
        return {}
    shutil.copyfile(ledger, copy)
    return {ERASURES: copy}


def make_backup(file: Path, *, now: dt.datetime) -> tuple[str, int]:
    """Write everything into `file`; return its SHA-256 and the number of rows in it."""
    folder = file.resolve().parent
    if not folder.is_dir():
        raise CommandError(f"There is no folder {folder}.")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".backup-") as place, connect() as database:
        dump = Path(place) / DATABASE
        clients = find_clients(database.info.server_version // 10000)
        # Measured and dumped from one snapshot: mail may go on leaving meanwhile.
        database.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = database.execute("SELECT pg_export_snapshot()").fetchone()
        command = clients.connecting(
            "pg_dump",
            *("--format=custom", "--no-owner", "--no-privileges", f"--file={dump}"),
            f"--snapshot={row[0] if row else ''}",
            *(f"--exclude-table-data=public.{table}" for table in sorted(LEFT_OUT)),
        )
        done = subprocess.run(
            command, env=clients.environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CommandError(f"pg_dump failed: {done.stderr.strip()[-500:]}")
        tables = measure_tables(database)
        migrations = sorted(map(list, read_migrations(database)))
        checksum = write_archive(
            file,
            {DATABASE: dump, **list_files(find_media()), **copy_erasures(Path(place))},
            made_at=now.isoformat(),
            postgresql=database.info.server_version // 10000,
            migrations=migrations,
            keys=take_fingerprints(),
            tables=tables,
        )
    return checksum, sum(rows for rows, _ in tables.values())
