"""The Celery application. Tasks live in each app's tasks.py; the schedule lives in settings."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import (
    beat_init,
    before_task_publish,
    worker_init,
    worker_shutting_down,
)
from kombu.transport import TRANSPORT_ALIASES

logger = logging.getLogger(__name__)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "npsapp.settings")

TRANSPORT_ALIASES["filesystem"] = "npsapp.broker:Transport"

app = Celery("npsapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def make_broker_folders(**_: Any) -> None:
    """The filesystem transport and beat expect their folders to exist."""
    Path(app.conf.beat_schedule_filename).parent.mkdir(parents=True, exist_ok=True)
    options = app.conf.broker_transport_options
    for key in ("data_folder_in", "control_folder"):
        if key in options:
            Path(options[key]).mkdir(parents=True, exist_ok=True)


@worker_init.connect
def start_unhindered(**_: Any) -> None:
    """Import before the pool forks: all its children share the wish to stop."""
    from surveys.sending.stopping import take_back_stop

    take_back_stop()


@worker_shutting_down.connect
def finish_the_message_in_hand(**_: Any) -> None:
    """On TERM the engine stops after the message it is at and gives the rest back."""
    from surveys.sending.stopping import request_stop

    request_stop()


class BeatHeart:
    """Says that the beat is alive, from the beat itself: whoever runs its tasks may be dead."""

    INTERVAL = 15.0

    def __init__(self) -> None:
        self.said_at: float | None = None

    def start(self, **_: Any) -> None:
        before_task_publish.connect(self.say, weak=False)

    def say(self, **_: Any) -> None:
        from django.db import Error, connection
        from django.utils import timezone

        from surveys.sending.watch import BEAT, note_alive

        if self.said_at is not None and time.monotonic() - self.said_at < self.INTERVAL:
            return
        try:
            note_alive(BEAT, now=timezone.now())
        except Error as error:
            # A beat must go on when the database is away for a moment.
            logger.warning("The beat could not say that it is alive: %s", error)
        else:
            self.said_at = time.monotonic()
        finally:
            connection.close()


beat_init.connect(BeatHeart().start, weak=False)
