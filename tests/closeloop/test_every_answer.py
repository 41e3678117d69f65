"""Every answer ends with exactly one follow-up: no broker, a killed worker, several sweeps."""

from __future__ import annotations

import datetime as dt
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from closeloop.models import Activity, FollowUp
from closeloop.opening import sweep
from responses.models import Response
from surveys.addresses import hash_address
from surveys.models import Contact, Invitation
from tests.engine.scale import IS_LONG
from tests.factories import make_campaign, make_member, make_organisation, make_response

ANSWERS = 5000 if IS_LONG else 800
POSTING = 3
CORES, SECONDS = 2, 40
PATIENCE = 900
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.django_db(transaction=True)


def ask_many(count: int) -> list[int]:
    now, campaign = timezone.now(), make_campaign()
    contacts = Contact.objects.bulk_create(
        [
            Contact(email=f"k{n}@klanten.example", address_hash=hash_address(f"k{n}@k.example"))
            for n in range(count)
        ]
    )
    rows = Invitation.objects.bulk_create(
        [
            Invitation(
                campaign=campaign,
                contact=contact,
                address_hash=contact.address_hash,
                scheduled_for=now,
                not_after=now + dt.timedelta(days=9),
                state="sent",
                sent_at=now - dt.timedelta(hours=2),
            )
            for contact in contacts
        ]
    )
    return [row.pk for row in rows]


class Crowd:
    """Processes beside the test, all let loose at one moment and gone with it."""

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[str]] = []

    def add(self, *words: object) -> subprocess.Popen[str]:
        name = connection.settings_dict["NAME"]
        url = os.environ["DATABASE_URL"].replace(":///nps?", f":///{name}?")
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.closeloop.crowd", *map(str, words)],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "npsapp.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def let_loose(self) -> None:
        for process in self.processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    crowd = Crowd()
    yield crowd
    crowd.stop()


def assert_each_has_one(count: int) -> None:
    assert Response.objects.count() == count
    assert FollowUp.objects.values("response").distinct().count() == count
    assert FollowUp.objects.count() == count
    assert Activity.objects.filter(kind="opened").count() == count


def test_many_answers_at_once_without_a_broker_and_with_a_killed_sweep(crowd: Crowd) -> None:
    make_organisation(working_days=[*range(7)])
    for _ in range(4):
        make_member()
    pks = ask_many(ANSWERS)
    posting = [crowd.add("post", pks[0] + n, pks[-1], POSTING) for n in range(POSTING)]
    killed, _sweeping = crowd.add("sweep"), crowd.add("sweep")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    crowd.let_loose()
    while FollowUp.objects.count() < ANSWERS // 10:
        time.sleep(0.1)
    killed.kill()
    assert [process.wait(PATIENCE) for process in posting] == [0] * POSTING
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # Time at work, not on the wall: whatever else the machine does is not what is promised.
    assert work / CORES < SECONDS
    gives_up = time.monotonic() + PATIENCE
    while FollowUp.objects.count() < ANSWERS and time.monotonic() < gives_up:
        time.sleep(0.2)
    crowd.stop()

    assert_each_has_one(ANSWERS)
    loads = Counter(FollowUp.objects.values_list("owner", flat=True))
    assert sorted(loads.values()) == [ANSWERS // 4] * 4


def test_worker_killed_while_opening_leaves_it_to_the_sweep(crowd: Crowd) -> None:
    make_organisation()
    make_member()
    response = make_response(score=2)
    worker = crowd.add("die", response.pk)

    crowd.let_loose()

    assert worker.wait(PATIENCE) == -signal.SIGKILL
    assert FollowUp.objects.count() == 0
    assert sweep(now=timezone.now()) == 1
    assert_each_has_one(1)
