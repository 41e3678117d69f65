"""One pass of every periodic job, without a broker: for cron, for a test, for a look."""

from __future__ import annotations

import signal
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from npsapp.celery import app
from surveys.nudging import collect_nudges
from surveys.sending.stopping import is_stopping, request_stop, take_back_stop
from surveys.sending.watch import BEAT, note_alive

# What the jobs nudge is done as well, but one pass must end even when work keeps coming.
LONGEST_SECONDS = 600.0


class Command(BaseCommand):
    help = "Run every periodic job once, and all the work that comes of it."

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        app.loader.import_default_modules()
        take_back_stop()
        before = signal.signal(signal.SIGTERM, lambda *_: request_stop())
        note_alive(BEAT, now=timezone.now())
        try:
            with collect_nudges() as nudged:
                for entry in settings.CELERY_BEAT_SCHEDULE.values():
                    self.run(entry["task"], ())
                while nudged and not is_stopping() and time.monotonic() - began < LONGEST_SECONDS:
                    task, arguments = nudged.popleft()
                    self.run(task.name, arguments)
        finally:
            signal.signal(signal.SIGTERM, before)

    def run(self, name: str, arguments: tuple[int, ...]) -> None:
        if is_stopping():
            return
        said = app.tasks[name](*arguments)
        self.stdout.write(f"{name}: {said if said is not None else 'done'}")
