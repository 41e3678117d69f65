"""What the worker does for the follow-ups."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from closeloop import (
    auto_replying,
    capacity,
    digest,
    escalating,
    opening,
    presence,
    replying,
    snoozing,
    telling,
)
from closeloop.receiving import filing
from surveys.sending.leases import job_lease

_BUSY = "another worker is at it"


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


@shared_task(name="closeloop.tell")
def tell() -> str:
    """Mail colleagues what others gave them and where they were mentioned."""
    with job_lease("job:tell_colleagues") as lease:
        if not lease:
            return "another worker is at it"
        return f"told {telling.tell_colleagues(now=timezone.now())}"


@shared_task(name="closeloop.escalate")
def escalate() -> str:
    """Look for response targets that have passed."""
    with job_lease("job:escalate") as lease:
        if not lease:
            return "another worker is at it"
        return f"escalated {escalating.escalate(now=timezone.now())}"


@shared_task(name="closeloop.send_digests")
def send_digests() -> str:
    """Write this morning's digests."""
    with job_lease("job:send_digests") as lease:
        if not lease:
            return "another worker is at it"
        return f"digests {digest.send_digests(now=timezone.now())}"


@shared_task(name="closeloop.tell_capacity")
def tell_capacity() -> str:
    """Tell those who send how many follow-ups the team can take."""
    with job_lease("job:tell_capacity") as lease:
        if not lease:
            return "another worker is at it"
        capacity.tell_capacity(now=timezone.now())
        return "told"


@shared_task(name="closeloop.return_snoozed")
def return_snoozed() -> str:
    """Bring back what was put off until now, and forget who has left a page."""
    with job_lease("job:return_snoozed") as lease:
        if not lease:
            return "another worker is at it"
        now = timezone.now()
        return f"returned {snoozing.return_due(now=now)}, left {presence.forget_gone(now=now)}"


@shared_task(name="closeloop.file_received")
def file_received() -> str:
    """Put what customers wrote with their follow-ups; the net and the work in one."""
    with job_lease("job:file_received") as lease:
        return str(filing.file_mails(now=timezone.now(), lease=lease)) if lease else _BUSY


@shared_task(name="closeloop.forget_received")
def forget_received() -> str:
    with job_lease("job:forget_received") as lease:
        return f"forgot {filing.forget_discarded(now=timezone.now())}" if lease else _BUSY


@shared_task(name="closeloop.reply_automatically")
def reply_automatically() -> str:
    with job_lease("job:reply_automatically") as lease:
        if not lease:
            return _BUSY
        return f"queued {auto_replying.reply_automatically(now=timezone.now(), lease=lease)}"
