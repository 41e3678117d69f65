"""Workers killed at random while they send: nobody gets two mails, and nobody is lost silently."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from surveys.models import Campaign, Contact, Invitation
from tests.factories import make_campaign, make_organisation

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
OPEN = ("scheduled", "claimed", "sending")


@dataclass
class Chaos:
    """A sink, and two workers at any time; whoever dies is replaced."""

    folder: Path
    options: list[str] = field(default_factory=list)
    connections: int = 1  # of each worker
    kill_every: int = 0  # the sink kills; otherwise we do, at random
    workers: list[int] = field(default_factory=list)
    kills: int = 0

    @property
    def log(self) -> Path:
        return self.folder / "accepted.log"

    def accepted(self) -> Counter[str]:
        return Counter(self.log.read_text().split())

    @contextmanager
    def running(self) -> Iterator[None]:
        sink_command = [FOLDER / "counting_sink.py", self.log, str(self.kill_every)]
        with started(sink_command, {}) as sink:
            environment = {
                "PYTHONPATH": str(ROOT),
                "DJANGO_SETTINGS_MODULE": "npsapp.settings",
                "DATABASE_URL": database_url(),
                "EMAIL_URL": f"smtp://127.0.0.1:{read_number(sink)}?tls=off",
                "MAIL_CONNECTIONS": str(self.connections),
            }
            with started([FOLDER / "run_worker.py", *self.options], environment) as self.nursery:
                self.workers = [self.start_worker() for _ in range(2)]
                yield

    def start_worker(self) -> int:
        assert self.nursery.stdin is not None
        self.nursery.stdin.write(b"start\n")
        self.nursery.stdin.flush()
        return read_number(self.nursery)

    def replace_dead(self) -> None:
        for index, worker in enumerate(self.workers):
            try:
                os.kill(worker, 0)
            except ProcessLookupError:
                self.kills += 1
                self.workers[index] = self.start_worker()

    def play(self, *, seconds: float, kills: int = 0) -> None:
        """Kill so often, at random; let the survivors finish."""
        deadline = time.monotonic() + seconds
        while Invitation.objects.filter(state__in=OPEN).exists() and time.monotonic() < deadline:
            time.sleep(random.uniform(0.1, 0.4))
            self.replace_dead()
            if self.kills < kills and self.accepted():
                with suppress(ProcessLookupError):
                    os.kill(random.choice(self.workers), signal.SIGKILL)


@contextmanager
def started(command: list[Any], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill_all(process)
        process.communicate()


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """Kill it and whatever it forked: an orphan would keep its connection to our database."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def read_number(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def database_url() -> str:
    """The test database, for another process."""
    values = connection.get_connection_params()
    return (
        f"postgresql:///{values['dbname']}?host={values['host']}"
        f"&port={values['port']}&user={values['user']}"
    )


def invite_many(count: int) -> Campaign:
    make_organisation()
    campaign = make_campaign(weekdays=[0, 1, 2, 3, 4, 5, 6], day_start="00:00", day_end="23:59")
    contacts = Contact.objects.bulk_create(
        Contact(email=f"r{number}@klanten.example", address_hash=f"{number:064x}")
        for number in range(count)
    )
    now = timezone.now()
    Invitation.objects.bulk_create(
        Invitation(
            campaign=campaign,
            contact=contact,
            address_hash=contact.address_hash,
            scheduled_for=now,
        )
        for contact in contacts
    )
    return campaign


def addresses(*states: str) -> set[str]:
    rows = Invitation.objects.filter(state__in=states)
    return set(rows.values_list("contact__email", flat=True))


@pytest.mark.parametrize("connections", [1, 4])
def test_workers_killed_at_random_send_each_mail_at_most_once(
    tmp_path: Path, connections: int
) -> None:
    invite_many(1000)
    chaos = Chaos(tmp_path, connections=connections)

    with chaos.running():
        chaos.play(seconds=300, kills=20)

    accepted = chaos.accepted()
    states = Counter(Invitation.objects.values_list("state", flat=True))
    # Several connections are done before so many workers have died.
    assert chaos.kills >= (8 if connections == 1 else 2)
    assert [address for address, times in accepted.items() if times > 1] == []
    assert set(states) <= {"sent", "unknown"}, states
    assert states.total() == 1000
    assert addresses("sent") - set(accepted) == set()
    assert set(accepted) - addresses("sent", "unknown") == set()
    assert states["unknown"] <= chaos.kills * connections
    # Kills at random moments mostly fall between two mails: doubt is the exception.
    print(f"kills {chaos.kills}, {dict(states)}, accepted {accepted.total()}")  # noqa: T201


def test_harness_finds_duplicates_when_the_intent_is_taken_away(tmp_path: Path) -> None:
    """The test of the test above: killed right after the 250, an engine of leases sends again."""
    invite_many(60)
    chaos = Chaos(tmp_path, ["--without-intent"], kill_every=15)

    with chaos.running():
        chaos.play(seconds=200)

    duplicates = [address for address, times in chaos.accepted().items() if times > 1]
    assert chaos.kills >= 2
    assert len(duplicates) >= 1


def test_worker_killed_right_after_the_250_leaves_a_doubt_and_no_duplicate(tmp_path: Path) -> None:
    invite_many(60)
    chaos = Chaos(tmp_path, kill_every=15)

    with chaos.running():
        chaos.play(seconds=200)

    accepted = chaos.accepted()
    assert chaos.kills >= 2
    assert max(accepted.values()) == 1
    assert len(accepted) == 60
    assert len(addresses("unknown")) == chaos.kills
