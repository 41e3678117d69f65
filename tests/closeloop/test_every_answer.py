"""Every answer ends with exactly one follow-up: no broker, a killed worker, several sweeps."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import signal
import time
from collections import Counter
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone
from kombu.exceptions import OperationalError

from closeloop import tasks
from closeloop.models import Activity, FollowUp
from closeloop.opening import open_follow_up, sweep
from responses.models import Response
from responses.recording import record_response
from surveys.addresses import hash_address
from surveys.models import Contact, Invitation
from tests.factories import make_campaign, make_member, make_organisation, make_response

ANSWERS = 5000
POSTING, SWEEPING = 3, 2
SECONDS = 40
fork = multiprocessing.get_context("fork")

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


def start(target: Any, *args: Any) -> multiprocessing.process.BaseProcess:
    """In a process with connections of its own: the parent must have closed all of its."""
    process = fork.Process(target=target, args=args)
    process.start()
    return process


def post_answers(pks: list[int]) -> None:
    for pk in pks:
        invitation = Invitation.objects.get(pk=pk)
        record_response(invitation, score=pk % 11, comment="", language="nl", now=timezone.now())


def keep_sweeping() -> None:
    while True:
        sweep(now=timezone.now())
        time.sleep(0.05)


def wait_for(process: multiprocessing.process.BaseProcess) -> None:
    process.join(4 * SECONDS)
    assert process.exitcode == 0


def kill(process: multiprocessing.process.BaseProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def count_opened() -> int:
    count: int = FollowUp.objects.count()
    connection.close()
    return count


def assert_each_has_one(count: int) -> None:
    assert Response.objects.count() == count
    assert FollowUp.objects.values("response").distinct().count() == count
    assert FollowUp.objects.count() == count
    assert Activity.objects.filter(kind="opened").count() == count


def test_5000_answers_at_once_without_a_broker_and_with_a_killed_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lose(*_: Any) -> None:
        raise OperationalError("down")

    monkeypatch.setattr(tasks.open_follow_up, "delay", lose)
    make_organisation(working_days=[*range(7)])
    for _ in range(4):
        make_member()
    pks = ask_many(ANSWERS)
    connections.close_all()
    began = time.monotonic()

    posting = [start(post_answers, pks[n::POSTING]) for n in range(POSTING)]
    sweeping = [start(keep_sweeping) for _ in range(SWEEPING)]
    while not count_opened():
        time.sleep(0.05)
    kill(sweeping.pop())
    for process in posting:
        wait_for(process)
    while count_opened() < ANSWERS and time.monotonic() - began < 4 * SECONDS:
        time.sleep(0.1)
    seconds = time.monotonic() - began
    kill(sweeping.pop())

    assert_each_has_one(ANSWERS)
    loads = Counter(FollowUp.objects.values_list("owner", flat=True))
    assert sorted(loads.values()) == [ANSWERS // 4] * 4
    assert seconds < SECONDS


def open_and_die(response_pk: int) -> None:
    """As a worker that is killed when all is written and nothing committed."""
    from closeloop import opening

    def die(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    opening.tell_owner = die  # type: ignore[assignment]
    open_follow_up(response_pk, now=timezone.now())


def test_worker_killed_while_opening_leaves_it_to_the_sweep() -> None:
    make_organisation()
    make_member()
    response = make_response(score=2)
    connections.close_all()

    worker = start(open_and_die, response.pk)
    worker.join(SECONDS)

    assert worker.exitcode == -signal.SIGKILL
    assert FollowUp.objects.count() == 0
    assert sweep(now=timezone.now()) == 1
    assert_each_has_one(1)
