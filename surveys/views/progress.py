"""How far a worker is with an uploaded file, and whether there is one at all."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from npsapp.requests import StaffRequest
from surveys.models import ImportBatch
from surveys.sending.watch import WORKER, last_seen

# It says so every few seconds; somebody who waits for it is told earlier than an operator.
SILENT_AFTER = dt.timedelta(minutes=1)


def is_worker_silent() -> tuple[bool, dt.datetime | None]:
    """Whether nobody may be there to do the work, and when somebody last was."""
    seen = last_seen(WORKER)
    return seen is None or timezone.now() - seen > SILENT_AFTER, seen


def show_progress(request: StaffRequest, batch: ImportBatch) -> HttpResponse:
    """The page with the progress; for htmx, which asks again and again, only that."""
    is_silent, seen = is_worker_silent() if batch.is_waiting else (False, None)
    context = {"batch": batch, "is_worker_silent": is_silent, "worker_seen": seen}
    part = "components/import_progress.html"
    return render(request, part if request.htmx else "contacts/import_progress.html", context)
