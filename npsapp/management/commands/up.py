"""The whole product in one terminal: database, web, worker and beat."""

import errno
import hashlib
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

from npsapp.celery import make_broker_folders
from npsapp.demo.logins import LOGINS, PASSWORD
from npsapp.models import User
from npsapp.people.links import make_setup_url
from npsapp.probe import ask
from npsapp.procfile import LASTING, read_commands
from npsapp.supervisor import Program, Supervisor

HOST = "127.0.0.1"
FINGERPRINT = ".made-from"


class Command(BaseCommand):
    help = "Prepare the database and run web, worker and beat until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGHUP, _leave)
        try:
            refuse_used_port(settings.PORT)
            # Making sample data already wakes the worker up, which only starts later.
            make_broker_folders()
            call_command("migrate", interactive=False, verbosity=0)
            if not options["no_demo"]:
                self.make_demo_when_empty()
            collect_static_when_changed(Path(settings.STATIC_ROOT))
            logins = describe_demo_logins() or describe_setup()
            close_connections()
            Supervisor(programs(settings.PORT), sys.stdout).run(
                is_ready=lambda: answers(settings.PORT),
                when_ready=lambda: self.say_ready(logins),
            )
        except KeyboardInterrupt:
            raise SystemExit(130) from None

    def make_demo_when_empty(self) -> None:
        if "demo" in get_commands() and not User.objects.exists():
            self.stdout.write("The database is empty: making sample data …")
            call_command("demo", "--if-empty")

    def say_ready(self, logins: str) -> None:
        self.stdout.write(f"NPS is ready at {settings.BASE_URL}/ {logins}".rstrip())
        self.stdout.flush()


def _leave(number: int, frame: object) -> None:
    """Unwind like Ctrl-C: without it TERM during migrate would leave PostgreSQL running."""
    raise SystemExit(128 + number)


def close_connections() -> None:
    """The programs make their own; idle ones here would only be in their way."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if isinstance(connection, DatabaseWrapper):
            connection.close_pool()


def refuse_used_port(port: int) -> None:
    with socket.socket() as probe:
        # As gunicorn binds it: connections of an earlier run in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise CommandError(f"Port {port} needs root: choose one from 1024.") from None
            raise CommandError(
                f"Port {port} is in use: stop what runs there, or choose another with PORT=8001."
            ) from None


def programs(port: int) -> list[Program]:
    """The same commands as in production."""
    # The programs must agree with us on the address that stands in mails.
    environment = {
        "BASE_URL": settings.BASE_URL,
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        # Of use for a server on the internet; this is somebody's own machine.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }
    commands = read_commands()
    return [Program(name, commands[name], environment) for name in LASTING]


def answers(port: int) -> bool:
    return ask("/healthz", base_url=settings.BASE_URL, port=port)[0]


def describe_demo_logins() -> str:
    """Addresses and password of the sample data, or nothing once it was removed."""
    present = set(User.objects.filter(email__in=LOGINS).values_list("email", flat=True))
    if not present:
        return ""
    people = ", ".join(address for address in LOGINS if address in present)
    return f"(log in as {people}; password {PASSWORD})"


def describe_setup() -> str:
    """The link for the first admin, or nothing once somebody can log in."""
    if User.objects.exists():
        return ""
    return f"(make the first admin here, within a day: {make_setup_url()} )"


def collect_static_when_changed(root: Path) -> None:
    """collectstatic hashes and compresses every file; skip it while the sources are the same."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    fingerprint = root / FINGERPRINT
    if fingerprint.exists() and fingerprint.read_text() == digest.hexdigest():
        return
    root.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    draft = fingerprint.with_name(f"{FINGERPRINT}.{os.getpid()}")
    draft.write_text(digest.hexdigest())
    draft.replace(fingerprint)
