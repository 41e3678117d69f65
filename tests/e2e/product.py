"""The real product as separate processes, a real SMTP server beside it, and Debian's Chromium."""

import email
import email.policy
import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from psycopg import sql
from psycopg.conninfo import make_conninfo

from npsapp.procfile import read_commands
from tests.services import free_port

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 10.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Chromium must not talk to anybody but the product.
BROWSER_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-domain-reliability",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)


@dataclass(frozen=True)
class ReceivedMail:
    """A message as the SMTP server got it."""

    sender: str
    recipients: list[str]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def body(self, kind: str = "plain") -> str:
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part is not None else ""


@dataclass
class Mailbox:
    """An SMTP server that keeps everything. `mails` is in order of arrival."""

    mails: list[ReceivedMail] = field(default_factory=list)
    controller: Controller | None = None

    @property
    def url(self) -> str:
        assert self.controller is not None
        return f"smtp://127.0.0.1:{self.controller.port}?tls=off"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        message = email.message_from_bytes(content, policy=email.policy.default)
        self.mails.append(ReceivedMail(envelope.mail_from or "", list(envelope.rcpt_tos), message))
        return "250 OK"

    def wait_for(
        self, wanted: Callable[[ReceivedMail], bool], *, seconds: float = 60
    ) -> ReceivedMail:
        """The first mail that is wanted; waits for it to arrive."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for mail in list(self.mails):
                if wanted(mail):
                    return mail
            time.sleep(0.1)
        arrived = [f"{mail.recipients} {mail.subject!r}" for mail in self.mails]
        raise AssertionError(f"The mail never came. Arrived: {arrived}")


@contextmanager
def run_mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    mailbox.controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    mailbox.controller.start()
    try:
        yield mailbox
    finally:
        mailbox.controller.stop()


@dataclass
class Product:
    """Web, worker and beat on a database of their own.

    `environment` is what settings.py reads; `manage` runs a command in it.
    """

    url: str
    environment: Mapping[str, str]
    mailbox: Mailbox
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def manage(self, *arguments: str) -> str:
        return self.run([sys.executable, "manage.py", *arguments])

    def run(self, command: Sequence[str]) -> str:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, name: str, command: Sequence[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start_web(self) -> None:
        self.start("web", read_commands()["web"])

    def start_worker(self, name: str = "worker") -> None:
        """A worker as the Procfile has it: threads suit the filesystem and Redis alike."""
        self.start(name, [*read_commands()["worker"], "--hostname", f"{name}@%h"])

    def start_beat(self) -> None:
        self.start("beat", read_commands()["beat"])

    def wait_for_web(self, seconds: float = 60) -> None:
        host = urlsplit(self.url).netloc
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.processes["web"].poll() is None:
            web = http.client.HTTPConnection(host, timeout=5)
            with suppress(OSError, http.client.HTTPException):
                web.request("GET", "/login/")
                web.getresponse()
                web.close()
                return
            web.close()
            time.sleep(0.1)
        raise AssertionError(f"The web does not answer:\n{self.logs()}")

    def wait_for_outbox(self, seconds: float = 30) -> None:
        """Until the first mail of the sample company has become a file."""
        outbox = Path(self.environment["DATA_DIR"]) / "outbox"
        deadline = time.monotonic() + seconds
        while not any(outbox.glob("*")):
            assert time.monotonic() < deadline, f"No mail left:\n{self.logs()}"
            time.sleep(0.1)

    def kill(self, name: str) -> None:
        """End one of the processes as a crash would."""
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for name, process in list(self.processes.items()):
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            self.kill(name)

    def logs(self) -> str:
        return "\n".join(
            f"== {log.name}\n{log.read_text(errors='replace')[-4000:]}"
            for log in sorted(self.folder.glob("*.log"))
        )


def make_environment(
    *, folder: Path, port: int, database: str, redis: str, mailbox: Mailbox
) -> dict[str, str]:
    """The variables of a small production; without `redis` the broker is the filesystem."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "EMAIL_URL": mailbox.url,
        "BASE_URL": f"http://localhost:{port}",
        "PORT": str(port),
        "DATA_DIR": str(folder / "data"),
        "DATABASE_POOL_SIZE": "4",
        "WEB_CONCURRENCY": "1",
        "PYTHONUNBUFFERED": "1",
        "SECRET_KEY": os.environ["SECRET_KEY"],
        "LINK_SIGNING_KEY": os.environ["LINK_SIGNING_KEY"],
        "SUPPRESSION_KEY": os.environ["SUPPRESSION_KEY"],
    }


@contextmanager
def make_database(name: str, *, template: str = "template1") -> Iterator[str]:
    """A database on the server of the test run, empty or like `template`.

    Yields its connection string.
    """
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    server = os.environ["DATABASE_URL"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(drop)
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield make_conninfo(server, dbname=name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(drop)


@cache
def make_migrated_template() -> str:
    """Name a database with all tables and no rows, which goes with the server of the test run."""
    name = f"migrated_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}"
    server = os.environ["DATABASE_URL"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    environment = os.environ | {"DATABASE_URL": make_conninfo(server, dbname=name)}
    command = read_commands()["migrate"]
    subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
    return name


@cache
def collect_static() -> Path:
    """Return a folder of all static files, which goes with the folder of the test run."""
    folder = Path(os.environ["DATA_DIR"]) / "collected"
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"],
        cwd=ROOT,
        env=os.environ | {"STATIC_ROOT": str(folder)},
        check=True,
    )
    return folder


@contextmanager
def run_product(
    *,
    name: str,
    port: int,
    redis: str,
    with_sample: bool = False,
    changes: Mapping[str, str] | None = None,
) -> Iterator[Product]:
    """Everything started and answering; everything gone afterwards.

    With the sample company mail goes to files, since none of it may leave. `changes` are variables
    that are not as in `make_environment`.
    """
    folder = Path(tempfile.mkdtemp(prefix="npsapp-e2e-"))
    try:
        with (
            make_database(f"e2e_{name}", template=make_migrated_template()) as database,
            run_mailbox() as mailbox,
        ):
            environment = make_environment(
                folder=folder, port=port, database=database, redis=redis, mailbox=mailbox
            ) | dict(changes or {})
            if with_sample:
                environment["EMAIL_URL"] = ""
            product = Product(f"http://localhost:{port}", environment, mailbox, folder)
            shutil.copytree(collect_static(), folder / "data" / "static")
            if with_sample:
                product.manage("demo")
            try:
                product.start_web()
                product.start_worker()
                product.start_beat()
                product.wait_for_web()
                yield product
            finally:
                product.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)
