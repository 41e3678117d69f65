"""A process of its own that posts answers, sweeps, or dies, on the test's database.

Forks would share the test's connections. It says so when it is ready, and waits for a line.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import django

django.setup()

from django.utils import timezone  # noqa: E402
from kombu.exceptions import OperationalError  # noqa: E402

from closeloop import opening, tasks  # noqa: E402
from responses.recording import record_response  # noqa: E402
from surveys.models import Invitation  # noqa: E402


def lose(*_: Any) -> None:
    raise OperationalError("Redis is down")


def post(first: str, last: str, step: str) -> None:
    for pk in range(int(first), int(last) + 1, int(step)):
        invitation = Invitation.objects.get(pk=pk)
        record_response(invitation, score=pk % 11, comment="", language="nl", now=timezone.now())


def sweep() -> None:
    while True:
        opening.sweep(now=timezone.now())
        time.sleep(0.05)


def die(response: str) -> None:
    """As a worker that is killed when all is written and nothing committed."""

    def kill(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with mock.patch("closeloop.opening.tell_owner", kill):
        opening.open_follow_up(int(response), now=timezone.now())


if __name__ == "__main__":
    acts: dict[str, Callable[..., None]] = {"post": post, "sweep": sweep, "die": die}
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with mock.patch.object(tasks.open_follow_up, "delay", lose):
        acts[sys.argv[1]](*sys.argv[2:])
