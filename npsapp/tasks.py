"""What the worker does that spans the apps."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from npsapp.retention.running import retain as run_retention
from surveys.nudging import nudge
from surveys.sending.leases import job_lease


@shared_task(name="npsapp.retain")
def retain() -> str:
    """Some of what is past its time; another pass at once when there was too much for one."""
    with job_lease("job:retain") as lease:
        if not lease:
            return "another worker is at it"
        done = run_retention(now=timezone.now(), renew=lease.renew)
    if done is None:
        return "nothing to do"
    if done.more:
        nudge(retain)
    return "more to do" if done.more else "done for today"
