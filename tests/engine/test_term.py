"""TERM in the middle of a batch: the worker ends soon, and leaves nothing in doubt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from surveys.models import Mail
from tests.engine.theatre import ROOT, kill_all
from tests.factories import make_mail
from tests.services import redis_url
from tests.surveys.sending.smtp_server import smtp_server

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

RUN = """
import sys
import django
django.setup()
from npsapp.celery import app
from surveys.tasks import send_due
send_due.delay()
app.worker_main(["worker", "--loglevel", "ERROR", "--without-gossip",
                 "--without-mingle", *sys.argv[1:]])
"""


@pytest.mark.parametrize("broker", ["filesystem", "redis"])
@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_worker_that_is_told_to_stop_finishes_the_mail_in_hand(
    tmp_path: Path, pool: str, broker: str
) -> None:
    sender = make_mail().sender
    for _ in range(49):
        make_mail(sender=sender)
    for folder in ("queue", "control"):
        (tmp_path / "broker" / folder).mkdir(parents=True)

    with smtp_server() as sink:
        sink.seconds_per_mail = 0.2
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "npsapp.settings",
            "DATA_DIR": str(tmp_path),
            "REDIS_URL": redis_url(48) if broker == "redis" else "",
            "DATABASE_URL": database_url(),
            "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}?tls=off",
        }
        log = tmp_path / "worker.log"
        with log.open("wb") as output:
            worker = subprocess.Popen(
                [sys.executable, "-c", RUN, "--pool", pool, "--concurrency", "2"],
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            wait_for_mail(sink.messages, log)
            worker.send_signal(signal.SIGTERM)
            worker.wait(9)
        finally:
            kill_all(worker)
            worker.wait()

    states = Counter(Mail.objects.values_list("state", flat=True))
    assert set(states) == {"sent", "scheduled"}
    assert states["sent"] == len(sink.messages) < 50
    assert Mail.objects.filter(state="scheduled").exclude(claims=0).count() == 0


def database_url() -> str:
    """The test database, for another process."""
    values = connection.get_connection_params()
    return (
        f"postgresql:///{values['dbname']}?host={values['host']}"
        f"&port={values['port']}&user={values['user']}"
    )


def wait_for_mail(messages: list[tuple[str, bytes]], log: Path) -> None:
    deadline = time.monotonic() + 30
    while len(messages) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(messages) >= 3, log.read_text()
