"""Importing in the worker: queued, claimed under a lease, done in one transaction.

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
from typing import Any

from celery import Task
from django.db import Error, connection, transaction
from django.db.models import DateTimeField, F, Func, Q

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

CLAIM = """
    UPDATE surveys_importbatch
       SET state = 'importing', claim_token = %(token)s, attempts = attempts + 1,
           rows_done = 0, rows_total = 0, lease_until = clock_timestamp() + %(lease)s
     WHERE id = %(pk)s AND kind = %(kind)s AND attempts < %(most)s
       AND (state = 'queued' OR (state = 'importing' AND lease_until < clock_timestamp()))
    RETURNING id
"""
TELL = """
    UPDATE surveys_importbatch
       SET rows_done = %s, rows_total = %s, lease_until = clock_timestamp() + %s
     WHERE id = %s AND claim_token = %s AND state = 'importing'
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
    """Return what no worker is at: queued files, and those whose worker was not heard of."""
    left = Q(state=State.IMPORTING, lease_until__lt=clock())
    waiting = ImportBatch.objects.filter(Q(state=State.QUEUED) | left, kind=kind)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def run(pk: int, kind: str, work: Work) -> bool:
    """Do the work of a batch, unless somebody else does; say whether it was done now."""
    token = uuid.uuid4()
    values: dict[str, Any] = {
        "pk": pk,
        "kind": kind,
        "token": token,
        "lease": LEASE,
        "most": MOST_ATTEMPTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        is_ours = cursor.fetchone() is not None
    if not is_ours:
        _give_up(pk, kind)
        return False
    try:
        with telling(pk, token) as tell, transaction.atomic():
            batch = ImportBatch.objects.get(pk=pk)
            changes = work(batch, tell)
            finished = ImportBatch.objects.filter(pk=pk, claim_token=token, state=State.IMPORTING)
            if not finished.update(state=State.IMPORTED, lease_until=None, **changes):
                raise ClaimLost
    except (Error, ClaimLost):
        # Nothing of it is in the database. The sweep tries again, a few times.
        ImportBatch.objects.filter(pk=pk, claim_token=token, state=State.IMPORTING).update(
            state=State.QUEUED, lease_until=None
        )
        raise
    return True


def _give_up(pk: int, kind: str) -> None:
    """A file that three workers did not survive is not tried by a fourth."""
    spent = ImportBatch.objects.filter(pk=pk, kind=kind, attempts__gte=MOST_ATTEMPTS)
    spent.filter(Q(state=State.QUEUED) | Q(state=State.IMPORTING, lease_until__lt=clock())).update(
        state=State.FAILED, lease_until=None
    )


def try_again(batch: ImportBatch) -> None:
    """Back to the preview, from where it can be imported or thrown away."""
    ImportBatch.objects.filter(pk=batch.pk, state=State.FAILED).update(
        state=State.PREVIEWED, attempts=0, rows_done=F("rows_total")
    )


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
