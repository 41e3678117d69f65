"""Whether this process can work: the database, its migrations, the broker. One sentence each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql
from redis import Redis
from redis.exceptions import RedisError

SECONDS = 3


@dataclass(frozen=True)
class Trouble:
    """What is wrong: one sentence fit for strangers, what else is known, and how to mend it."""

    sentence: str
    detail: str = ""
    mend: str = ""


def find_obstacle() -> Trouble | None:
    """Return the first thing that keeps this process from working."""
    return find_database_trouble() or find_migration_trouble() or find_broker_trouble()


def connect() -> psycopg.Connection[tuple[Any, ...]]:
    """A connection of one's own: the pool would wait long for a database that is away."""
    return psycopg.connect(
        **connection_parameters() | {"connect_timeout": SECONDS, "autocommit": True}
    )


def connection_parameters() -> dict[str, Any]:
    """What libpq needs to reach the database; starts the embedded one."""
    ours = {"context", "cursor_factory", "prepare_threshold"}
    parameters = connection.get_connection_params()
    return {name: value for name, value in parameters.items() if name not in ours}


def find_database_trouble() -> Trouble | None:
    try:
        connect().close()
    except psycopg.Error as error:
        return Trouble(
            "The database cannot be reached.",
            describe(error),
            "Start PostgreSQL, or set DATABASE_URL to where it is.",
        )
    return None


def require_database() -> None:
    if trouble := find_database_trouble():
        raise CommandError(f"{trouble.sentence} {trouble.detail} {trouble.mend}")


def find_migration_trouble() -> Trouble | None:
    """Return what the database lacks, given that it can be reached."""
    try:
        with connect() as database:
            applied = read_migrations(database)
    except psycopg.Error as error:
        return Trouble("The database does not tell its migrations.", describe(error))
    known = known_migrations()
    if missing := sorted(".".join(name) for name in known - applied):
        return Trouble(
            f"The database waits for {len(missing)} migrations.",
            ", ".join(missing[:3]) + ".",
            "Run manage.py migrate.",
        )
    return None


def read_migrations(database: psycopg.Connection[Any]) -> set[tuple[str, str]]:
    """Return what was applied to a database, as app and name; nothing to an empty one."""
    if database.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
        return set()
    rows = database.execute(sql.SQL("SELECT app, name FROM django_migrations")).fetchall()
    return {(app, name) for app, name in rows}


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Return the migrations that this version of the product consists of."""
    return frozenset(MigrationLoader(None).disk_migrations)


def find_broker_trouble() -> Trouble | None:
    if not settings.REDIS_URL:
        folder = settings.BROKER_DIR / "queue"
        if os.access(folder, os.W_OK):
            return None
        return Trouble(
            "The broker's folder is missing or cannot be written.",
            f"It is {folder}.",
            "Start the worker, or set REDIS_URL.",
        )
    try:
        with Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=SECONDS, socket_timeout=SECONDS
        ) as redis:
            redis.ping()
    except (RedisError, OSError, ValueError) as error:
        return Trouble(
            "The broker cannot be reached.",
            describe(error),
            "Start Redis, or set REDIS_URL to where it is.",
        )
    return None


def describe(error: Exception) -> str:
    """The first line of an error, as the end of a sentence."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line.rstrip(".") + "."
