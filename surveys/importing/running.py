"""Files in the worker, to be looked at or imported: claimed under a lease, in one transaction.

All rows or none: when the worker dies, the database takes everything back, the lease runs out, and
the sweep lets another worker begin anew. How far it is, is written on a connection of its own,
because nobody can look into a transaction that is not finished.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from celery import Task
from django.db import Error, connection, transaction
from django.db.models import DateTimeField, Func, Q
from django.utils import translation

from npsapp.models import User
from surveys.models import ImportBatch
from surveys.nudging import nudge

LEASE = dt.timedelta(seconds=60)
MOST_ATTEMPTS = 3
_TELL_EVERY_SECONDS = 0.5

State = ImportBatch.State
Tell = Callable[[int, int], None]
# Writes the rows, and returns what of the batch is to be changed once they are in.
Work = Callable[[ImportBatch, Tell], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Stage:
    """What a worker is there for: the states before, during and after it."""

    waiting: str
    working: str
    done: str


LOOK = Stage(State.UPLOADED.value, State.READING.value, State.PREVIEWED.value)
IMPORT = Stage(State.QUEUED.value, State.IMPORTING.value, State.IMPORTED.value)

CLAIM = """
    UPDATE surveys_importbatch
       SET state = %(working)s, claim_token = %(token)s, attempts = attempts + 1,
           rows_done = 0, rows_total = 0, lease_until = clock_timestamp() + %(lease)s
     WHERE id = %(pk)s AND kind = %(kind)s AND attempts < %(most)s
       AND (state = %(waiting)s OR (state = %(working)s AND lease_until < clock_timestamp()))
    RETURNING id
"""
TELL = """
    UPDATE surveys_importbatch
       SET rows_done = %s, rows_total = %s, lease_until = clock_timestamp() + %s
     WHERE id = %s AND claim_token = %s AND state IN ('reading', 'importing')
"""


class ClaimLost(Exception):
    """Another worker took over, because this one was not heard of for too long."""


def queue_batch(
    batch: ImportBatch, *, user: User | None, task: Task[Any, Any] | None = None
) -> bool:
    """Hand a previewed file to the worker; False for a second click, or for columns not seen."""
    seen = batch.summary
    with transaction.atomic():
        locked = lock_preview(batch)
        if locked is None or locked.summary != seen:
            return False
        locked.state, locked.attempts = State.QUEUED, 0
        locked.created_by = user or locked.created_by
        locked.save(update_fields=["state", "attempts", "created_by"])
        if task:
            nudge(task, locked.pk)
    return True


def lock_preview(batch: ImportBatch) -> ImportBatch | None:
    waiting = ImportBatch.objects.select_for_update().filter(state=State.PREVIEWED)
    return waiting.filter(pk=batch.pk).first()


def find_waiting(kind: str) -> list[int]:
    """Return what no worker is at: waiting files, and those whose worker was not heard of."""
    meant = Q()
    for stage in (LOOK, IMPORT):
        meant |= Q(state=stage.waiting) | Q(state=stage.working, lease_until__lt=clock())
    waiting = ImportBatch.objects.filter(meant, kind=kind)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def find_stage(pk: int) -> Stage:
    """Return what is to be done with a file."""
    looking = ImportBatch.objects.filter(pk=pk, state__in=[LOOK.waiting, LOOK.working])
    return LOOK if looking.exists() else IMPORT


def run(pk: int, kind: str, work: Work, *, stage: Stage = IMPORT) -> bool:
    """Do the work of a batch, unless somebody else does; say whether it was done now."""
    token = uuid.uuid4()
    values: dict[str, Any] = {
        "pk": pk,
        "kind": kind,
        "token": token,
        "lease": LEASE,
        "most": MOST_ATTEMPTS,
        "waiting": stage.waiting,
        "working": stage.working,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        is_ours = cursor.fetchone() is not None
    if not is_ours:
        _give_up(pk, kind, stage)
        return False
    ours = ImportBatch.objects.filter(pk=pk, claim_token=token, state=stage.working)
    try:
        with telling(pk, token) as tell, transaction.atomic():
            # Not the file: a worker reads that in pieces.
            batch = ImportBatch.objects.defer("content", "problem_file", "preview").get(pk=pk)
            # What is written here is read by whoever sent the file.
            reader = batch.created_by
            with translation.override(reader.language if reader else translation.get_language()):
                changes = work(batch, tell)
            if not ours.update(state=stage.done, lease_until=None, **changes):
                raise ClaimLost
    except (Error, ClaimLost):
        # Nothing of it is in the database. The sweep tries again, a few times.
        ours.update(state=stage.waiting, lease_until=None)
        raise
    return True


def _give_up(pk: int, kind: str, stage: Stage) -> None:
    """A file that three workers did not survive is not tried by a fourth."""
    spent = ImportBatch.objects.filter(pk=pk, kind=kind, attempts__gte=MOST_ATTEMPTS)
    left = Q(state=stage.working, lease_until__lt=clock())
    spent.filter(Q(state=stage.waiting) | left).update(state=State.FAILED, lease_until=None)


def look_again(batch: ImportBatch, *, task: Task[Any, Any] | None = None) -> None:
    """Let the worker make the preview anew, after a failure too."""
    with transaction.atomic():
        found = ImportBatch.objects.filter(pk=batch.pk, state__in=[State.FAILED, State.PREVIEWED])
        changed = found.update(
            state=State.UPLOADED, attempts=0, rows_done=0, rows_total=0, preview=None
        )
        if changed and task:
            nudge(task, batch.pk)


def clock() -> Func:
    """The database's own time, also within a long transaction."""
    return Func(function="clock_timestamp", output_field=DateTimeField())


@contextmanager
def telling(pk: int, token: uuid.UUID) -> Iterator[Tell]:
    """Yield what writes down how many rows are done, and keeps the lease."""
    beside = connection.copy()
    told_at = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at < _TELL_EVERY_SECONDS:
            return
        told_at = time.monotonic()
        with beside.cursor() as cursor:
            values: list[Any] = [done, total, LEASE, pk, token]
            cursor.execute(TELL, values)

    try:
        yield tell
    finally:
        beside.close()
