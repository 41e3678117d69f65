"""The embedded PostgreSQL that all processes on one DATA_DIR share.

Every process that uses the server holds a shared lock on `pg.users` as long as it lives; the
kernel drops it even after KILL. Starting and stopping happens under an exclusive lock on `pg.lock`.
Whoever leaves tries to lock `pg.users` exclusively: success means being the last one out, who stops
the server. A server left over by killed processes is found through its pid file and used on.
"""

import atexit
import fcntl
import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from npsapp.embedded.cluster import START_SECONDS, Cluster, choose_account
from npsapp.embedded.leftovers import note_owner
from npsapp.embedded.programs import (
    SYSTEM_FOLDER,
    EmbeddedServerError,
    choose_version,
    find_wheel,
)

__all__ = ["EmbeddedServerError", "ensure_running", "release", "start_private"]


@dataclass
class _Use:
    """This process' hold on a server: the open file that carries the shared lock."""

    data_dir: Path
    cluster: Cluster
    users_file: int


_use: _Use | None = None
_thread_lock = threading.Lock()


def _renew_thread_lock() -> None:
    """A thread that does not exist in the fork may have held the lock."""
    global _thread_lock
    _thread_lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_thread_lock)


def ensure_running(data_dir: Path) -> dict[str, str]:
    """Start the server of `data_dir` unless it runs, and return psycopg's connection parameters.

    Cheap when it runs. A fork inherits the parent's hold; it counts until both are gone.
    """
    global _use
    data_dir = data_dir.resolve()
    with _thread_lock:
        if _use is not None and _use.data_dir != data_dir:
            raise EmbeddedServerError(f"This process already uses the server of {_use.data_dir}.")
        if _use is not None and _use.cluster.is_running():
            return _use.cluster.connection_params()
        find_wheel()
        _make_data_dir(data_dir)
        with _locked(data_dir / "pg.lock"):
            if _use is None:
                cluster = _cluster_of(data_dir)
                choose_version(cluster.data)
                _prepare_place(data_dir, cluster)
                users_file = _open(data_dir / "pg.users")
                fcntl.flock(users_file, fcntl.LOCK_SH)
                _use = _Use(data_dir, cluster, users_file)
                atexit.register(release)
                _unwind_at_term()
            cluster = _use.cluster
            if not cluster.is_running():
                cluster.initialise()
                cluster.start()
            _create_database(cluster)
            return cluster.connection_params()


def _unwind_at_term() -> None:
    """TERM ends Python at once unless somebody handles it, and nobody would stop the server."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def release() -> None:
    """Let go of the server; the last process of all stops it."""
    global _use
    with _thread_lock:
        if _use is None:
            return
        use, _use = _use, None
        atexit.unregister(release)
        with _locked(use.data_dir / "pg.lock"):
            # Close, never unlock: a fork shares the open file, and unlocking would take its hold.
            os.close(use.users_file)
            users_file = _open(use.data_dir / "pg.users")
            try:
                fcntl.flock(users_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                use.cluster.stop()
            finally:
                os.close(users_file)


def start_private(folder: Path, options: Sequence[str] = ()) -> Cluster:
    """Start a fast, forgetful server of one's own in a new folder; the caller stops it.

    `options` are `name=value` settings of the server besides its own.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    account = choose_account(folder / "pg")
    account.own(folder)
    cluster = Cluster(
        folder / "pg", account, durable=False, options=["max_connections=200", *options]
    )
    cluster.initialise()
    cluster.start()
    _create_database(cluster)
    return cluster


def _cluster_of(data_dir: Path) -> Cluster:
    inside = data_dir / "pg"
    account = choose_account(inside)
    if account.is_ours or inside.exists():
        return Cluster(inside, account)
    # A folder of mode 0700 above DATA_DIR would keep `nobody` out of it.
    place = SYSTEM_FOLDER / hashlib.sha256(str(data_dir).encode()).hexdigest()[:16]
    return Cluster(place / "pg", account)


def _prepare_place(data_dir: Path, cluster: Cluster) -> None:
    """Make the folder of a cluster outside of DATA_DIR; set aside what an earlier DATA_DIR left.

    Who deletes DATA_DIR to begin anew must not meet the old rows again, under new keys.
    """
    place = cluster.data.parent
    if place == data_dir:
        return
    if place.exists() and not (data_dir / "pg.users").exists():
        cluster.stop()
        place.rename(place.with_name(f"{place.name}.{time.time_ns()}"))
    place.mkdir(parents=True, exist_ok=True)
    SYSTEM_FOLDER.chmod(0o755)
    cluster.account.own(place)
    place.chmod(0o700)
    note_owner(place, data_dir)


def _create_database(cluster: Cluster) -> None:
    params = cluster.connection_params()
    name = params.pop("dbname")
    with _connect_patiently(params) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if found.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _connect_patiently(params: dict[str, str]) -> psycopg.Connection[tuple[object, ...]]:
    """A server whose starter was killed may still be recovering and refuse us for a while."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            where = make_conninfo(**params, dbname="postgres")
            return psycopg.connect(where, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _make_data_dir(data_dir: Path) -> None:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data_dir / "pg.lock").touch(mode=0o600)
    except OSError as error:
        raise EmbeddedServerError(f"DATA_DIR {data_dir} cannot be written: {error}.") from error


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    file = _open(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
