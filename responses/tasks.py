"""What the worker does for answers: files that come and go, and adding up."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from responses import sent_tallies, tallies, tally_check
from responses.export_files import find_waiting as find_waiting_exports
from responses.export_files import forget_files, write_file
from responses.forms.listing import find_rows
from responses.models import AnswersAct
from responses.uploading import work_on
from surveys.importing.running import find_waiting
from surveys.models import ImportBatch
from surveys.nudging import nudge
from surveys.sending.leases import Lease, one_at_a_time


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


@shared_task(name="responses.advance_tallies")
@one_at_a_time("advance_tallies")
def advance_tallies(lease: Lease) -> str:
    """Tally the days that have settled, and what a changed setting wants counted anew."""
    now = timezone.now()
    days = tallies.advance(now=now, renew=lease.renew)
    return f"tallied {days} days of answers, {sent_tallies.advance_all(now=now)} of sending"


@shared_task(name="responses.check_tallies")
@one_at_a_time("check_tallies")
def check_tallies(lease: Lease) -> str:
    """Once a night; at any other time there is nothing to do."""
    found = tally_check.check_nightly(now=timezone.now(), renew=lease.renew)
    return "nothing to do" if found is None else f"{found} differ"


@shared_task(name="responses.write_export")
def write_export(pk: int) -> str:
    return "done" if write_file(pk, find=find_rows, now=timezone.now()) else "nothing to do"


@shared_task(name="responses.write_exports")
def write_exports() -> str:
    """The net under the nudge; and files go when their day is over, as do acts on many answers."""
    now = timezone.now()
    forgotten = forget_files(now=now)
    AnswersAct.objects.forget(now=now)
    waiting = find_waiting_exports()
    for pk in waiting:
        nudge(write_export, pk)
    return f"{len(waiting)} files to write, {forgotten} forgotten"
