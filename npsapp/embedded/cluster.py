"""One PostgreSQL cluster: its data directory, its account, start and stop.

PostgreSQL refuses to run as root. As root everything therefore runs as `nobody`.
"""

import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from npsapp.embedded.programs import (
    EmbeddedServerError,
    choose_version,
    find_programs,
    list_locale_options,
)

USER = "nps"
PORT = "5432"  # only a part of the socket's name: there is no TCP
LONGEST_SOCKET_PATH = 107
START_SECONDS = 120
STOP_SECONDS = 30


@dataclass(frozen=True)
class Account:
    """The operating system account that runs the server."""

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        return self.uid == os.geteuid()

    def own(self, path: Path) -> None:
        if not self.is_ours:
            os.chown(path, self.uid, self.gid)


def choose_account(data: Path) -> Account:
    """Ourselves; as root, whoever owns an existing cluster, else nobody."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if (data / "PG_VERSION").exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


@dataclass(frozen=True)
class Cluster:
    """A data directory `data`; `options` are `name=value` settings of the server.

    Nothing here locks: the caller makes sure that one process at a time starts or stops it.
    """

    data: Path
    account: Account
    durable: bool = True
    options: Sequence[str] = ()

    @property
    def log(self) -> Path:
        return self.data.parent / "pg.log"

    def connection_params(self) -> dict[str, str]:
        """What psycopg needs to reach the running server's database of the product."""
        folder = self._recorded_socket_folder()
        if folder is None:
            raise EmbeddedServerError(f"The embedded PostgreSQL in {self.data} is not running.")
        return {"host": str(folder), "port": PORT, "user": USER, "dbname": USER}

    def is_running(self) -> bool:
        """Whether the recorded process lives and its socket takes connections.

        After a crash the recorded process id may belong to a stranger: only the socket proves it.
        """
        lines = self._read_pid_file()
        folder = self._recorded_socket_folder()
        if folder is None or not _is_alive(int(lines[0])):
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(folder / f".s.PGSQL.{PORT}"))
            except OSError:
                return False
        return True

    def initialise(self) -> None:
        """Create the data directory, under another name first: a crash leaves no half cluster."""
        if (self.data / "PG_VERSION").exists():
            return
        draft = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        self.account.own(draft)
        self._run(
            ["initdb", "--pgdata", str(draft), "--username", USER, "--auth", "trust"]
            + ["--encoding", "UTF8", *list_locale_options(choose_version(self.data))]
            + ([] if self.durable else ["--no-sync"])
        )
        draft.rename(self.data)

    def start(self) -> None:
        """Start the server in its own process session and wait until it answers."""
        folder = self._prepare_socket_folder()
        self._make_log()
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "unix_socket_permissions": "0700",
            "port": PORT,
            "max_connections": "100",
            "shared_buffers": "64MB",
            "max_wal_size": "256MB",
            # A disk without a moving arm: else a million answers are read to find a few of them.
            "random_page_cost": "1.1",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings |= dict(option.split("=", 1) for option in self.options)
        line = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        try:
            self._start_patiently(line)
        except EmbeddedServerError:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _start_patiently(self, line: str) -> None:
        """Try again while the last processes of a killed server are still letting go of it."""
        pid_file = self.data / "postmaster.pid"
        was_killed = pid_file.exists()
        deadline = time.monotonic() + 10
        while True:
            # PostgreSQL takes any living process with the recorded id for itself.
            pid_file.unlink(missing_ok=True)
            try:
                self._pg_ctl("start", "--log", str(self.log), "--options", line, wait=START_SECONDS)
            except EmbeddedServerError:
                if not was_killed or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return

    def stop(self) -> None:
        folder = self._recorded_socket_folder()
        if self.is_running():
            try:
                self._pg_ctl("stop", "--mode", "fast", wait=STOP_SECONDS)
            except EmbeddedServerError:
                self._pg_ctl("stop", "--mode", "immediate", wait=STOP_SECONDS)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _pg_ctl(self, action: str, *arguments: str, wait: int) -> None:
        command = ["pg_ctl", action, "--pgdata", str(self.data), "--wait", "--timeout", str(wait)]
        self._run([*command, "--silent", *arguments])

    def _run(self, command: list[str]) -> None:
        """Run one of the wheel's programs as the account, with nothing of our environment."""
        programs = find_programs(choose_version(self.data), copied=not self.account.is_ours)
        # Files, not pipes: the server inherits them and would hold a pipe open for ever.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [str(programs / command[0]), *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.data.parent,
                env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"},
                umask=0o077,
                # With an own session Ctrl-C in the terminal does not reach pg_ctl or initdb.
                start_new_session=True,
                user=None if self.account.is_ours else self.account.uid,
                group=None if self.account.is_ours else self.account.gid,
                extra_groups=None if self.account.is_ours else [],
            )
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
        if done.returncode != 0:
            raise EmbeddedServerError(
                f"The embedded PostgreSQL failed: {command[0]}: {said[-500:]} (log: {self.log})"
            )

    def _make_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > 1_000_000:
            self.log.replace(self.log.with_name("pg.log.1"))
        self.log.touch(mode=0o600)
        self.account.own(self.log)

    def _read_pid_file(self) -> list[str]:
        """Its lines: process id, data directory, start time, port, socket folder, address, …"""
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _recorded_socket_folder(self) -> Path | None:
        lines = self._read_pid_file()
        return Path(lines[4]) if len(lines) > 4 and lines[4] else None

    def _prepare_socket_folder(self) -> Path:
        """The one used before a crash, so that processes that still live find the server again."""
        before = self._recorded_socket_folder()
        if before is not None and before.name.startswith("npsapp-"):
            shutil.rmtree(before, ignore_errors=True)
            with suppress(OSError):
                before.mkdir(mode=0o700)
                self.account.own(before)
                return before
        for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - the name is random
            if len(parent) + len("/npsapp-12345678/.s.PGSQL.5432") <= LONGEST_SOCKET_PATH:
                folder = Path(tempfile.mkdtemp(prefix="npsapp-", dir=parent))
                self.account.own(folder)
                return folder
        raise EmbeddedServerError("TMPDIR is too long a path for a Unix socket.")


def _is_alive(pid: int) -> bool:
    """A killed server that nobody has buried yet is dead, though its children still listen."""
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
