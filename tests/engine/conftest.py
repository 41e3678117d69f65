"""A PostgreSQL and a Redis that the chaos tests may stop; the table of the long run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from redis import Redis

from npsapp.embedded.cluster import Cluster, choose_account
from tests.engine.scale import IS_LONG
from tests.engine.theatre import ROOT, Theatre
from tests.engine.verdict import write_table
from tests.services import FOLDER, database_url, start_redis

TEMPLATE = "template_chaos"


@dataclass
class Postgres:
    """Commits are durable for all that can happen here: the machine itself does not crash."""

    cluster: Cluster
    restarts: int = 0
    numbers: count[int] = field(default_factory=count)

    def administer(self, statement: str, *names: str) -> None:
        with psycopg.connect(database_url(self.cluster, "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def new_database(self) -> str:
        name = f"chaos_{next(self.numbers)}"
        self.administer(f"CREATE DATABASE {{}} TEMPLATE {TEMPLATE}", name)
        return database_url(self.cluster, name)

    def restart(self, mode: str, seconds_away: float = 0.0) -> None:
        """`fast` ends every session; `immediate` is a crash. The socket stays where it is."""
        self.restarts += 1
        self.cluster._pg_ctl("stop", "--mode", mode, wait=120)
        time.sleep(seconds_away)
        self.cluster._pg_ctl("restart", "--log", str(self.cluster.log), wait=120)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    folder = Path(os.environ[FOLDER]) / f"chaos-{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}"
    folder.mkdir()
    account = choose_account(folder / "pg")
    account.own(folder)
    cluster = Cluster(folder / "pg", account, options=["max_connections=200", "fsync=off"])
    cluster.initialise()
    cluster.start()
    try:
        server = Postgres(cluster)
        server.administer("CREATE DATABASE {}", TEMPLATE)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": database_url(cluster, TEMPLATE)},
            check=True,
        )
        yield server
    finally:
        cluster.stop()


@dataclass
class RedisServer:
    folder: Path
    process: subprocess.Popen[bytes]
    url: str

    def flush(self) -> None:
        with closing(Redis.from_url(self.url)) as client:
            client.flushall()

    def restart(self, seconds_away: float = 0.0) -> None:
        """Killed, and back with nothing in it."""
        self.stop()
        time.sleep(seconds_away)
        self.process, _ = start_redis(self.folder, int(self.url.rpartition(":")[2]))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path, *start_redis(tmp_path))
    yield server
    server.stop()


@pytest.fixture
def theatre(tmp_path: Path, postgres: Postgres) -> Theatre:
    """On the broker of files."""
    return Theatre(tmp_path, postgres.new_database())


@pytest.fixture
def redis_theatre(theatre: Theatre, redis_server: RedisServer) -> Theatre:
    theatre.environment["REDIS_URL"] = f"{redis_server.url}/0"
    return theatre


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    table = write_table()
    if IS_LONG and len(table) > 1:
        terminalreporter.section("chaos")
        for line in table:
            terminalreporter.line(line)
