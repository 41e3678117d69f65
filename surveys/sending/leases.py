"""Short leases for periodic jobs, kept by the database's clock: a second beat finds them taken."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from surveys.models import Heartbeat

JOB_LEASE = dt.timedelta(seconds=30)
_RENEW_AFTER_SECONDS = 5.0

_TAKE = """
    INSERT INTO surveys_heartbeat AS job (name, holder, leased_until)
    VALUES (%(name)s, %(holder)s, clock_timestamp() + %(lease)s)
    ON CONFLICT (name) DO UPDATE
       SET holder = excluded.holder, leased_until = excluded.leased_until
     WHERE job.leased_until IS NULL OR job.leased_until < clock_timestamp()
        OR job.holder = excluded.holder
    RETURNING job.name
"""


class Lease:
    """Ours until it ends. A job that outlives it does no harm: rows have claims of their own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.holder = uuid.uuid4()
        self.renewed_at = 0.0

    def take(self) -> bool:
        with connection.cursor() as cursor:
            values: dict[str, Any] = {"name": self.name, "holder": self.holder, "lease": JOB_LEASE}
            cursor.execute(_TAKE, values)
            is_ours = cursor.fetchone() is not None
        self.renewed_at = time.monotonic()
        return is_ours

    def renew(self) -> None:
        if time.monotonic() - self.renewed_at > _RENEW_AFTER_SECONDS:
            self.take()

    def give_back(self) -> None:
        Heartbeat.objects.filter(name=self.name, holder=self.holder).update(leased_until=Now())


@contextmanager
def job_lease(name: str) -> Iterator[Lease | None]:
    """Yield the lease of a job, or None while somebody else does it."""
    lease = Lease(name)
    if not lease.take():
        yield None
        return
    try:
        yield lease
    finally:
        lease.give_back()


def one_at_a_time(name: str) -> Callable[[Callable[[Lease], str]], Callable[[], str]]:
    """Make a job of a function that is given the lease; while another worker has it: a word."""

    def decorate(work: Callable[[Lease], str]) -> Callable[[], str]:
        @wraps(work)
        def job() -> str:
            with job_lease(f"job:{name}") as lease:
                return work(lease) if lease else "another worker is at it"

        # Celery reads the signature, and the one that `wraps` points to is of the work.
        del job.__wrapped__
        return job

    return decorate
