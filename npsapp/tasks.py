"""What the worker does that spans the apps."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from npsapp.digests.sending import send_dashboard_digests as write_digests
from npsapp.retention.running import retain as run_retention
from surveys.nudging import nudge
from surveys.sending.leases import Lease, job_lease, one_at_a_time


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


@shared_task(name="npsapp.send_dashboard_digests")
@one_at_a_time("send_dashboard_digests")
def send_dashboard_digests(_lease: Lease) -> str:
    """Write the figures that are due this morning."""
    return f"figures {write_digests(now=timezone.now())}"
