"""PostgreSQL's own programs pg_dump, pg_restore and psql: which ones fit the server."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from psycopg.conninfo import make_conninfo

from npsapp.embedded.programs import PROGRAMS, EmbeddedServerError, find_wheel
from npsapp.readiness import connection_parameters

NEEDED = ("pg_dump", "pg_restore", "psql")


@dataclass(frozen=True)
class Clients:
    """A folder with programs of one version, and the database they work on."""

    folder: Path
    major: int

    def command(self, program: str, *arguments: str) -> list[str]:
        return [str(self.folder / program), *arguments]

    def connecting(self, program: str, *arguments: str) -> list[str]:
        """A command that connects. The password goes by the environment, not for `ps` to see."""
        parameters = {
            name: value for name, value in connection_parameters().items() if name != "password"
        }
        where = make_conninfo(**parameters)
        return self.command(program, "--no-password", f"--dbname={where}", *arguments)

    def environment(self) -> dict[str, str]:
        parameters: dict[str, Any] = connection_parameters()
        password = {"PGPASSWORD": parameters["password"]} if "password" in parameters else {}
        return {**os.environ, **password, "LC_ALL": "C.UTF-8"}


def find_clients(server_major: int) -> Clients:
    """Return the oldest programs that are not older than the server. Raises CommandError."""
    found = sorted(_list_clients(), key=lambda clients: clients.major)
    for clients in found:
        if clients.major >= server_major:
            return clients
    here = ", ".join(f"{clients.major} in {clients.folder}" for clients in found) or "none"
    raise CommandError(
        f"The server is PostgreSQL {server_major}, and there is no pg_dump, pg_restore and psql of"
        f" that version or newer here (found: {here}). On Debian and Ubuntu install"
        f" postgresql-client-{server_major}."
    )


def _list_clients() -> Iterator[Clients]:
    for folder in dict.fromkeys(folder.resolve() for folder in _list_folders()):
        # Not exists(): that raises in a folder of the PATH that this user may not enter.
        if all(os.access(folder / program, os.X_OK) for program in NEEDED):
            said = subprocess.run(
                [str(folder / "pg_dump"), "--version"], capture_output=True, text=True, check=False
            )
            if version := re.search(r"\(PostgreSQL\) (\d+)", said.stdout):
                yield Clients(folder, int(version[1]))


def _list_folders() -> Iterator[Path]:
    yield from map(Path, os.get_exec_path())
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    try:
        wheel = find_wheel()
    except EmbeddedServerError:
        return
    yield from (wheel / programs / "bin" for programs in PROGRAMS.values())
