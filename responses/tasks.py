"""What the worker does for answers that come from a file, or go into one."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from responses.export_files import find_waiting as find_waiting_exports
from responses.export_files import forget_files, write_file
from responses.forms.listing import find_rows
from responses.uploading import work_on
from surveys.importing.running import find_waiting
from surveys.models import ImportBatch
from surveys.nudging import nudge


@shared_task(name="responses.import_answers_file")
def import_answers_file(pk: int) -> str:
    return "done" if work_on(pk, now=timezone.now()) else "nothing to do"


@shared_task(name="responses.import_files")
def import_files() -> str:
    """The net under the nudge, and what takes a file over from a worker that died."""
    waiting = find_waiting(ImportBatch.Kind.RESPONSES)
    for pk in waiting:
        nudge(import_answers_file, pk)
    return f"{len(waiting)} files waiting"


@shared_task(name="responses.write_export")
def write_export(pk: int) -> str:
    return "done" if write_file(pk, find=find_rows, now=timezone.now()) else "nothing to do"


@shared_task(name="responses.write_exports")
def write_exports() -> str:
    """The net under the nudge; and files go when their day is over."""
    forgotten = forget_files(now=timezone.now())
    waiting = find_waiting_exports()
    for pk in waiting:
        nudge(write_export, pk)
    return f"{len(waiting)} files to write, {forgotten} forgotten"
