"""Restoring a backup: all of it or nothing, and held before anybody can send."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import CommandError
from psycopg import sql

from npsapp.backup.archive import (
    DATABASE,
    ERASURES,
    MEDIA,
    Manifest,
    make_fingerprint,
    open_archive,
    take_fingerprints,
    unpack,
)
from npsapp.backup.clients import Clients, find_clients
from npsapp.backup.dumping import find_media
from npsapp.backup.measuring import find_differences, measure_tables
from npsapp.erasing.ledger import merge
from npsapp.readiness import connect, known_migrations, require_database
from surveys.sending.restored import demand_replay_statement, hold_statements

# Rows that an installation without any people in it has as well.
NOBODYS_TABLES = {
    "auth_permission",
    "closeloop_replytemplate",  # the usual texts
    "django_content_type",
    "django_migrations",
    "django_session",
    "surveys_heartbeat",
}


def restore_backup(file: Path, *, overwrite: str, keys_are_lost: bool) -> Manifest:
    """Put a backup in the place of whatever is in the database. Raises CommandError.

    `overwrite` is the name of the database, when it may be overwritten although it is in use.
    """
    require_database()
    with open_archive(file) as (tar, manifest), make_room() as place:
        refuse_newer(manifest)
        if not keys_are_lost:
            refuse_other_keys(manifest)
        with connect() as database:
            refuse_server(manifest, database)
            refuse_company(database)
            refuse_rows(database, overwrite)
            clients = find_clients(database.info.server_version // 10000)
        unpack(tar, manifest, Path(place))
        replace_database(Path(place) / DATABASE, clients, manifest)
        replace_media(Path(place) / MEDIA)
        merge(Path(place) / ERASURES)
    with connect() as database:
        if different := find_differences(manifest.tables, measure_tables(database)):
            raise CommandError(
                "The database is restored, but it is not what was backed up: "
                + "; ".join(different)
                + ". Sending is held."
            )
    return manifest


def make_room() -> tempfile.TemporaryDirectory[str]:
    """Beside the data: what is meant for temporary files is often small."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=settings.DATA_DIR, prefix=".restore-")


def refuse_newer(manifest: Manifest) -> None:
    unknown = {(app, name) for app, name in manifest.migrations} - known_migrations()
    if unknown:
        raise CommandError(
            "This backup was made by a newer version of the product, with "
            f"{'.'.join(min(unknown))}. Install that version, restore, and go on from there."
        )


def refuse_other_keys(manifest: Manifest) -> None:
    ours = take_fingerprints()
    olds = {
        make_fingerprint("LINK_SIGNING_KEY", key) for key in settings.LINK_SIGNING_KEY_FALLBACKS
    }
    if manifest.keys["SUPPRESSION_KEY"] != ours["SUPPRESSION_KEY"]:
        consequence = "people who unsubscribed would be written to again"
        name = "SUPPRESSION_KEY"
    elif manifest.keys["LINK_SIGNING_KEY"] not in {ours["LINK_SIGNING_KEY"], *olds}:
        consequence = "the links in mails that were sent would not open"
        name = "LINK_SIGNING_KEY"
    else:
        return
    raise CommandError(
        f"{name} is not the one that the backup was made with: {consequence}. Set the old key;"
        " if it is lost for good, say --keys-are-lost."
    )


def refuse_server(manifest: Manifest, database: psycopg.Connection[tuple[Any, ...]]) -> None:
    major = database.info.server_version // 10000
    if major < manifest.postgresql:
        raise CommandError(
            f"The backup is of PostgreSQL {manifest.postgresql}; this server is {major}."
        )


def refuse_company(database: psycopg.Connection[tuple[Any, ...]]) -> None:
    """A worker that sends by the old rows must not write its results on the new ones."""
    others = database.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    ).fetchone()
    if others is not None and others != (0,):
        raise CommandError("Stop web, worker and beat first: the database is being used.")


def refuse_rows(database: psycopg.Connection[tuple[Any, ...]], overwrite: str) -> None:
    name = database.info.dbname
    if overwrite == name:
        return
    if overwrite:
        raise CommandError(f"The database is called {name}, not {overwrite}. Nothing was done.")
    tables = database.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ).fetchall()
    for (table,) in tables:
        if table in NOBODYS_TABLES:
            continue
        question = sql.SQL("SELECT 1 FROM public.{} LIMIT 1").format(sql.Identifier(table))
        if database.execute(question).fetchone() is not None:
            raise CommandError(
                f"The database is not empty ({table} has rows), and a restore takes all of it away."
                f" If that is what you want, say: --overwrite {name}"
            )


def replace_database(dump: Path, clients: Clients, manifest: Manifest) -> None:
    """Everything in one transaction: the old tables go, the new ones come, and sending is held."""
    reason = f"Restored from the backup of {manifest.made_at[:16].replace('T', ' ')} UTC."
    before = (
        "BEGIN; SET LOCAL lock_timeout = '30s'; DROP SCHEMA public CASCADE;"
        " CREATE SCHEMA public AUTHORIZATION pg_database_owner;\n"
    )
    held = hold_statements(reason).as_string() + demand_replay_statement().as_string()
    after = f"\n{held}\nCOMMIT;\n"
    with tempfile.TemporaryFile() as complaints:
        psql = subprocess.Popen(
            clients.connecting("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"),
            env=clients.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )
        is_read = _feed(psql, before, clients.command("pg_restore", *_OPTIONS, str(dump)), after)
        is_done = psql.wait() == 0 and is_read
        complaints.seek(0)
        said = complaints.read().decode(errors="replace").strip()
    if not is_done:
        raise CommandError(f"The database is as it was; restoring it failed: {said[-500:]}")


_OPTIONS = ("--no-owner", "--no-privileges", "--file=-")


def _feed(psql: subprocess.Popen[bytes], before: str, command: Sequence[str], after: str) -> bool:
    """Write to psql; without the last part nothing of it is ever committed."""
    if psql.stdin is None:
        return False
    try:
        with psql.stdin as pipe:
            pipe.write(before.encode())
            pipe.flush()
            if subprocess.run(
                command, stdout=pipe, stdin=subprocess.DEVNULL, check=False
            ).returncode:
                return False
            pipe.write(after.encode())
    except BrokenPipeError:  # psql ended at an error, and says which
        return False
    return True


def replace_media(restored: Path) -> None:
    """Set what is there aside and put the backup's files in its place."""
    media = find_media()
    if media is None:
        if restored.exists():
            raise CommandError(
                "The backup holds uploaded files, and there is no place for them here."
            )
        return
    aside = media.with_name(f".{media.name}.before-restore")
    shutil.rmtree(aside, ignore_errors=True)
    if media.exists():
        media.rename(aside)
    if restored.exists():
        shutil.copytree(restored, media)
    shutil.rmtree(aside, ignore_errors=True)
