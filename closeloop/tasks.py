"""What the worker does for the follow-ups."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from closeloop import opening, presence, replying, snoozing
from surveys.sending.leases import job_lease


@shared_task(name="closeloop.open_follow_up")
def open_follow_up(response_pk: int) -> None:
    opening.open_follow_up(response_pk, now=timezone.now())


@shared_task(name="closeloop.sweep")
def sweep() -> str:
    """Open what is missing, and take note of what became of replies."""
    with job_lease("job:sweep_follow_ups") as lease:
        if not lease:
            return "another worker is at it"
        now = timezone.now()
        opened = opening.sweep(now=now)
        settled, returned = replying.settle_replies(now=now), replying.notice_returned(now=now)
        return f"opened or told {opened}, settled {settled}, returned {returned}"


@shared_task(name="closeloop.return_snoozed")
def return_snoozed() -> str:
    """Bring back what was put off until now, and forget who has left a page."""
    with job_lease("job:return_snoozed") as lease:
        if not lease:
            return "another worker is at it"
        now = timezone.now()
        return f"returned {snoozing.return_due(now=now)}, left {presence.forget_gone(now=now)}"
