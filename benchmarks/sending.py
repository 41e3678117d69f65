"""Mails per second of the engine, and of what only sends: `python -m benchmarks.sending`.

The full engine (claim, a personal mail in the contact's language, intent, result) against
smtp-source and against bare smtplib with prepared bytes, into the same mail server, in the same
run: first into one that answers at once, then into one that takes 50 ms per mail. The database is
a new one with fsync on. Ends by itself; machines differ, so compare the ratios.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import signal
import smtplib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.servers import (
    find_postfix,
    own_sink,
    postgres,
    quick_sink,
    read_line,
    write_line,
)

SLOW_SERVER_SECONDS = 0.05
MOST_SECONDS = 900
# Nothing is due yet.
EARLIER = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def main() -> None:
    options = _read_arguments()
    if options.work:
        _work()
        return
    signal.alarm(MOST_SECONDS)  # whatever hangs, the run ends
    with tempfile.TemporaryDirectory() as folder, postgres() as database_url:
        _prepare(folder, database_url)
        _say(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
             f"Python {platform.python_version()}; {options.mails} mails a run, "
             f"median of {options.runs}")  # fmt: skip
        if find_postfix("smtp-source") is None:
            _say("smtp-source and smtp-sink are missing (Debian: apt-get install postfix): "
                 "our own sink takes the mail, and it is slower.")  # fmt: skip
        with quick_sink() as port:
            _compare("a server that answers at once", port, options)
        with own_sink(SLOW_SERVER_SECONDS) as port:
            _compare("a server that takes 50 ms per mail", port, options, is_slow=True)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sending", description=__doc__)
    parser.add_argument("--mails", type=int, default=3000, help="mails per run")
    parser.add_argument("--runs", type=int, default=3, help="runs of each kind")
    parser.add_argument("--connections", type=int, default=4, help="connections per process")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="worker processes")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _compare(title: str, port: int, options: argparse.Namespace, *, is_slow: bool = False) -> None:
    connections = options.connections
    mails = options.mails // 3 if is_slow else options.mails
    few = mails // connections if is_slow else mails
    prepared = _prepare_bytes()
    size = len(prepared[0][2])
    bare = "bare smtplib, prepared bytes, {} connections"
    kinds: dict[str, Callable[[], float]] = {}
    if find_postfix("smtp-source"):
        for sessions in (1, connections):
            name = f"smtp-source, {sessions} connections"
            kinds[name] = partial(
                _smtp_source, port, sessions, few if sessions == 1 else mails, size
            )
    kinds[bare.format(1)] = partial(_bare, port, prepared, few, 1)
    kinds[bare.format(connections)] = partial(_bare, port, prepared, mails, connections)
    for workers in options.workers:
        for number in sorted({1, connections}):
            name = f"the full engine, {workers} processes of {number} connections"
            kinds[name] = partial(_engine, port, workers, number, few if number == 1 else mails)
    _say(f"\nInto {title}, {size / 1000:.1f} kB a mail:")
    rates: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(options.runs):
        for name, measure in kinds.items():
            rates[name].append(measure())
    one, several = (statistics.median(rates[bare.format(n)]) for n in (1, connections))
    _say(f"{'':58}  per second (from-to)     x bare/1  x bare/{connections}")
    for name, found in rates.items():
        rate = statistics.median(found)
        spread = f"({min(found):,.0f}-{max(found):,.0f})"
        _say(f"  {name:56} {rate:8,.0f} {spread:18} {rate / one:8.2f} {rate / several:8.2f}")


def _smtp_source(port: int, sessions: int, mails: int, size: int) -> float:
    program = find_postfix("smtp-source") or "smtp-source"
    began = time.perf_counter()
    subprocess.run(
        [program, "-d", "-s", str(sessions), "-m", str(mails), "-l", str(size),
         "-f", "a@voorbeeld.example", "-t", "b@klanten.example", f"127.0.0.1:{port}"],
        check=True, timeout=120,
    )  # fmt: skip
    return mails / (time.perf_counter() - began)


def _bare(port: int, prepared: list[tuple[str, str, bytes]], mails: int, connections: int) -> float:
    def loop(count: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=30) as smtp:
            for number in range(count):
                smtp.sendmail(*prepared[number % len(prepared)])

    threads = [threading.Thread(target=loop, args=(mails // connections,))
               for _ in range(connections)]  # fmt: skip
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return mails // connections * connections / (time.perf_counter() - began)


def _engine(port: int, workers: int, connections: int, mails: int) -> float:
    """Workers are ready before the clock runs; it stops when the last result is written down."""
    from surveys.models import Invitation

    _plan(mails)
    environment = os.environ | {
        "EMAIL_URL": f"smtp://127.0.0.1:{port}?tls=off",
        "MAIL_CONNECTIONS": str(connections),
    }
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sending", "--work"],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(workers)
    ]  # fmt: skip
    try:
        for worker in started:
            read_line(worker)  # it is ready
        began = time.perf_counter()
        for worker in started:
            write_line(worker, "go")
        for worker in started:
            read_line(worker)  # nothing is due any more
        seconds = time.perf_counter() - began
    finally:
        for worker in started:
            worker.kill()
            worker.communicate()
    sent = Invitation.objects.filter(state="sent").count()
    if sent != mails:
        raise SystemExit(f"{mails - sent} of {mails} mails were not sent.")
    return mails / seconds


def _work() -> None:
    """A worker: passes as the task does them, until nothing is due any more."""
    import django

    django.setup()
    from django.utils import timezone

    from surveys.sending.ledger import INVITATIONS
    from surveys.sending.release import send_lane

    if not send_lane(INVITATIONS, now=EARLIER).attempts:  # connects, and loads what is loaded late
        _say("ready")
    sys.stdin.readline()
    while True:
        done = send_lane(INVITATIONS, now=timezone.now())
        if done.was_busy:
            time.sleep(0.01)
        elif not done.attempts:
            break
    _say("done")


def _prepare(folder: str, database_url: str) -> None:
    os.environ |= {
        "DATABASE_URL": database_url,
        "DATA_DIR": folder,
        "DJANGO_SETTINGS_MODULE": "npsapp.settings",
        "EMAIL_URL": "smtp://127.0.0.1:9?tls=off",
        "REDIS_URL": "",
        "SECRET_KEY": "a secret of the benchmark that guards nothing at all",
        "LINK_SIGNING_KEY": "a key of the benchmark that signs no real link",
        "SUPPRESSION_KEY": "a key of the benchmark that hides no real address",
    }
    (Path(folder) / "static").mkdir()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


NAMES = [
    ("nl", "Fenna", "Proefpersoon"), ("en", "Test", "Person"), ("nl", "Zoë", "Müller-Proef"),
    ("en", "José", "Ejemplo Pérez"), ("nl", "", "Testbedrijf BV"),
]  # fmt: skip


def _plan(mails: int) -> None:
    """A running campaign, open all day, with so many invitations due."""
    from django.utils import timezone

    from surveys.addresses import hash_address
    from surveys.models import Campaign, Contact, Invitation, Organisation, Sender, Survey

    Invitation.objects.all().delete()
    Campaign.objects.all().delete()
    Contact.objects.all().delete()
    Organisation.objects.update_or_create(
        pk=1, defaults={"name": "Voorbeeld BV", "postal_address": "Teststraat 1, 1000 AA Testdam"}
    )
    survey, _ = Survey.objects.get_or_create(
        slug="benchmark", defaults={"name": "Benchmark", "company": "Voorbeeld"}
    )
    sender, _ = Sender.objects.get_or_create(
        name="Benchmark",
        defaults={"from_name": "Voorbeeld", "from_email": "vraag@voorbeeld.example",
                  "reply_to": "service@voorbeeld.example"},
    )  # fmt: skip
    campaign = Campaign.objects.create(
        name="Benchmark", survey=survey, sender=sender, state=Campaign.State.RUNNING,
        weekdays=list(range(7)), day_start=dt.time(0), day_end=dt.time(23, 59, 59),
        first_day=timezone.now().date(), seed="seed",
    )  # fmt: skip
    people = []
    for number in range(mails):
        language, first_name, last_name = NAMES[number % len(NAMES)]
        email = f"klant{number}@klanten.example"
        people.append(
            Contact(language=language, first_name=first_name, last_name=last_name, email=email,
                    address_hash=hash_address(email))
        )  # fmt: skip
    now = timezone.now()
    Invitation.objects.bulk_create(
        Invitation(
            campaign=campaign, contact=contact, address_hash=contact.address_hash,
            scheduled_for=now, not_after=now + dt.timedelta(days=1),
        )
        for contact in Contact.objects.bulk_create(people)
    )  # fmt: skip
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _prepare_bytes() -> list[tuple[str, str, bytes]]:
    """Mails as the engine would send them, built beforehand."""
    from surveys.models import Invitation, get_organisation
    from surveys.sending.blueprint import PreparedMail, Press

    _plan(200)
    found: list[tuple[str, str, bytes]] = []
    for invitation in Invitation.objects.select_related(
        "campaign__survey", "campaign__sender", "contact"
    ):
        message = Press.set_up(invitation.campaign, get_organisation()).compose(invitation)
        if isinstance(message, PreparedMail):
            found.append((*message.envelope, message.prepared()))
    return found


def _say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    main()
