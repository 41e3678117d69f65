"""Short leases for periodic jobs, kept by the database's clock: a second beat finds them taken."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
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
