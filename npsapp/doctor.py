"""What an operator wants to know when something is not right: one question per function."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.conf import settings
from django.core import checks

from npsapp.embedded.leftovers import find_leftovers
from npsapp.embedded.programs import SYSTEM_FOLDER
from npsapp.erasing.ledger import find_file
from npsapp.erasing.ledger import read as read_ledger
from npsapp.mail_health import check_inbound, check_mail, check_webhooks
from npsapp.readiness import (
    Trouble,
    connect,
    describe,
    find_broker_trouble,
    find_database_trouble,
    find_migration_trouble,
)
from surveys.models import Alarm
from surveys.sending.alarm_mail import advise, describe_alarm
from surveys.sending.alarm_mail import describe as describe_breach
from surveys.sending.alarms import find_breaches, list_standing
from surveys.sending.restored import is_held_for_release, is_replay_missing
from surveys.sending.vitals import MOST_CLOCK_SECONDS, clock_apart, measure
from surveys.sending.watch import BACKUP, BEAT, SILENT_AFTER, WORKER, last_seen

OLDEST_POSTGRESQL = 14
LEAST_FREE_BYTES = 1_000_000_000
LONGEST_WITHOUT_BACKUP = dt.timedelta(days=2)


@dataclass(frozen=True)
class Question:
    """`find_trouble` takes the current moment. `needs_database`: pointless without one."""

    name: str
    find_trouble: Callable[[dt.datetime], Trouble | None]
    needs_database: bool = False
    # Worth telling, but the product does its work all the same.
    is_advice: bool = False
    # What is known when there is no trouble, for a judgement that looks at the past.
    tell: Callable[[dt.datetime], str] | None = None


def check_settings(now: dt.datetime) -> Trouble | None:
    """Django's own checks, those for production when the product is on the internet."""
    is_public = settings.BASE_URL.startswith("https://")
    if is_public and not settings.SECURE_PROXY_SSL_HEADER:
        return Trouble(
            "BASE_URL starts with https://, but no proxy is trusted to say so: "
            "every page would be redirected to itself.",
            mend="Set BEHIND_PROXY=1; see docs/behind-a-proxy.md.",
        )
    if settings.DEBUG and not settings.EMBEDDED:
        return Trouble("DEBUG is on: errors show the inside of the product.", mend="Remove DEBUG.")
    found = checks.run_checks(include_deployment_checks=is_public)
    serious = [message for message in found if message.level >= checks.WARNING]
    if not serious:
        return None
    return Trouble(f"Django warns: {serious[0].msg}", mend=serious[0].hint or "")


def check_database(now: dt.datetime) -> Trouble | None:
    if trouble := find_database_trouble():
        return trouble
    with connect() as database:
        version = database.info.server_version // 10000
    if version >= OLDEST_POSTGRESQL:
        return None
    return Trouble(
        f"PostgreSQL {version} is too old.", mend=f"Upgrade it to {OLDEST_POSTGRESQL} or newer."
    )


def check_alive(part: str) -> Callable[[dt.datetime], Trouble | None]:
    def check(now: dt.datetime) -> Trouble | None:
        seen = last_seen(part)
        mend = f"Start the {part} as the Procfile does, or run manage.py tick from cron."
        if seen is None:
            return Trouble(f"The {part} has never run.", mend=mend)
        if now - seen <= SILENT_AFTER:
            return None
        return Trouble(f"The {part} has been silent since {seen:%Y-%m-%d %H:%M} UTC.", mend=mend)

    return check


def tell_last_heard(part: str) -> Callable[[dt.datetime], str]:
    """A part that stopped a moment ago still looks alive: so say when it was last heard of."""

    def tell(now: dt.datetime) -> str:
        seen = last_seen(part)
        return f"last heard of {(now - seen).total_seconds():.0f} s ago" if seen else ""

    return tell


def check_clock(now: dt.datetime) -> Trouble | None:
    """Leases and plans are kept by two clocks: this machine's and the database's."""
    asked = dt.datetime.now(dt.UTC)
    with connect() as database:
        row = database.execute("SELECT clock_timestamp()").fetchone()
    answered = dt.datetime.now(dt.UTC)
    theirs: dt.datetime = row[0] if row else asked
    apart = clock_apart(asked, theirs, answered)
    if apart <= MOST_CLOCK_SECONDS:
        return None
    return Trouble(
        f"The clocks of this machine and of the database differ by {apart:.0f} seconds.",
        mend="Let both keep time by NTP.",
    )


def check_disk(now: dt.datetime) -> Trouble | None:
    folder = Path(settings.DATA_DIR)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free >= LEAST_FREE_BYTES:
        return None
    return Trouble(
        f"Only {free // 1_000_000} MB are free where DATA_DIR is.",
        f"It is {settings.DATA_DIR}.",
        "Make room, or move DATA_DIR to a larger disk.",
    )


def check_release(now: dt.datetime) -> Trouble | None:
    if not is_held_for_release():
        return None
    return Trouble(
        "A backup was restored, and no mail leaves until you say so.",
        mend="Run manage.py release_sending; see docs/backup.md.",
    )


def check_leaving(now: dt.datetime) -> Trouble | None:
    """The numbers of the watchdog, as on the page “Sending”."""
    # These have questions of their own.
    asked = {Alarm.Kind.SILENT, Alarm.Kind.CLOCK}
    breaches = [each for each in find_breaches(measure(now=now)) if each.kind not in asked]
    if not breaches:
        return None
    said = [describe_breach(each.kind, each.subject, each.facts) for each in breaches]
    return Trouble(said[0], " ".join(said[1:]), advise(breaches[0].kind))


def check_tallies(now: dt.datetime) -> Trouble | None:
    """What the nightly comparison of figures and answers found."""
    found = [each for each in list_standing() if each.kind == Alarm.Kind.TALLIES]
    if not found:
        return None
    return Trouble(" ".join(map(describe_alarm, found)), mend=advise(Alarm.Kind.TALLIES))


def check_erasures(now: dt.datetime) -> Trouble | None:
    """Whether erasures can be noted outside of the database, and none waits to be repeated."""
    file = find_file()
    place = file if file.exists() else file.parent
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK):
        return Trouble(
            f"The ledger of erasures, {file}, cannot be written: nobody can be erased.",
            mend="Let the product write there, or set ERASURES_FILE.",
        )
    if not is_replay_missing():
        return None
    return Trouble(
        "A backup was restored, and people who were erased may be back: "
        f"{len({entry.at for entry in read_ledger()})} erasures stand in the ledger.",
        mend="Run manage.py replay_erasures; see docs/backup.md.",
    )


def check_backup(now: dt.datetime) -> Trouble | None:
    made = last_seen(BACKUP)
    mend = "Run manage.py backup FILE every night; see docs/backup.md."
    if made is None:
        return Trouble("There has never been a backup.", mend=mend)
    if now - made <= LONGEST_WITHOUT_BACKUP:
        return None
    return Trouble(f"The last backup is of {made:%Y-%m-%d %H:%M} UTC.", mend=mend)


def check_leftovers(now: dt.datetime) -> Trouble | None:
    """Root's databases lie outside of the checkout, and stay when it is deleted."""
    left = find_leftovers(SYSTEM_FOLDER)
    if not left:
        return None
    return Trouble(
        f"{len(left)} databases in {SYSTEM_FOLDER} belong to a DATA_DIR that is gone.",
        mend="If nobody wants them back: rm -r " + " ".join(str(place) for place in left),
    )


QUESTIONS = (
    Question("settings", check_settings),
    Question("database", check_database),
    Question("migrations", lambda now: find_migration_trouble(), needs_database=True),
    Question("broker", lambda now: find_broker_trouble()),
    Question("worker", check_alive(WORKER), needs_database=True, tell=tell_last_heard(WORKER)),
    Question("beat", check_alive(BEAT), needs_database=True, tell=tell_last_heard(BEAT)),
    Question("mail", check_mail),
    Question("webhooks", check_webhooks, is_advice=True),
    Question("inbound", check_inbound),
    Question("clock", check_clock, needs_database=True),
    Question("disk", check_disk),
    Question("sending", check_release, needs_database=True),
    Question("leaving", check_leaving, needs_database=True),
    Question("figures", check_tallies, needs_database=True),
    Question("erasures", check_erasures, needs_database=True),
    Question("backup", check_backup, needs_database=True, is_advice=True),
    Question("leftovers", check_leftovers, is_advice=True),
)


@dataclass(frozen=True)
class Answer:
    question: Question
    trouble: Trouble | None
    was_asked: bool = True
    note: str = ""

    @property
    def is_bad(self) -> bool:
        return self.trouble is not None and not self.question.is_advice


def examine(names: list[str], *, now: dt.datetime) -> list[Answer]:
    """Ask the questions of these names, or all. A database that is away answers no others."""
    answers = []
    has_database = True
    for question in QUESTIONS:
        if names and question.name not in names:
            continue
        if question.needs_database and not has_database:
            answers.append(Answer(question, None, was_asked=False))
            continue
        trouble = _ask(question, now)
        note = question.tell(now) if question.tell and trouble is None else ""
        answers.append(Answer(question, trouble, note=note))
        if question.name == "database":
            has_database = answers[-1].trouble is None
    return answers


def _ask(question: Question, now: dt.datetime) -> Trouble | None:
    try:
        return question.find_trouble(now)
    except Exception as error:  # the doctor must not be the next patient
        if isinstance(error, psycopg.Error) or question.needs_database:
            return Trouble("The database did not answer this.", describe(error))
        return Trouble(f"This could not be found out ({type(error).__name__}).", describe(error))
