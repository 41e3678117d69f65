"""What the worker does for the follow-ups."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from closeloop import (
    auto_replying,
    capacity,
    digest,
    escalating,
    loop_tallies,
    opening,
    presence,
    settling,
    snoozing,
    telling,
)
from closeloop.models import BulkAct
from closeloop.receiving import filing
from surveys.sending.leases import Lease, one_at_a_time


@shared_task(name="closeloop.open_follow_up")
def open_follow_up(response_pk: int) -> None:
    opening.open_follow_up(response_pk, now=timezone.now())


@shared_task(name="closeloop.sweep")
@one_at_a_time("sweep_follow_ups")
def sweep(_lease: Lease) -> str:
    """Open what is missing, and take note of what became of replies."""
    now = timezone.now()
    opened = opening.sweep(now=now)
    settled, returned = settling.settle_replies(now=now), settling.notice_returned(now=now)
    return f"opened or told {opened}, settled {settled}, returned {returned}"


@shared_task(name="closeloop.tell")
@one_at_a_time("tell_colleagues")
def tell(_lease: Lease) -> str:
    """Mail colleagues what others gave them and where they were mentioned."""
    return f"told {telling.tell_colleagues(now=timezone.now())}"


@shared_task(name="closeloop.escalate")
@one_at_a_time("escalate")
def escalate(_lease: Lease) -> str:
    """Look for response targets that have passed."""
    return f"escalated {escalating.escalate(now=timezone.now())}"


@shared_task(name="closeloop.send_digests")
@one_at_a_time("send_digests")
def send_digests(_lease: Lease) -> str:
    """Write this morning's digests."""
    return f"digests {digest.send_digests(now=timezone.now())}"


@shared_task(name="closeloop.tell_capacity")
@one_at_a_time("tell_capacity")
def tell_capacity(_lease: Lease) -> str:
    """Tell those who send how many follow-ups the team can take."""
    capacity.tell_capacity(now=timezone.now())
    return "told"


@shared_task(name="closeloop.return_snoozed")
@one_at_a_time("return_snoozed")
def return_snoozed(_lease: Lease) -> str:
    """Bring back what was put off until now, and forget who has left a page."""
    now = timezone.now()
    return f"returned {snoozing.return_due(now=now)}, left {presence.forget_gone(now=now)}"


@shared_task(name="closeloop.file_received")
@one_at_a_time("file_received")
def file_received(lease: Lease) -> str:
    """Put what customers wrote with their follow-ups; the net and the work in one."""
    return str(filing.file_mails(now=timezone.now(), lease=lease))


@shared_task(name="closeloop.forget_received")
@one_at_a_time("forget_received")
def forget_received(_lease: Lease) -> str:
    """Also what was done to many follow-ups, once it can no longer be taken back."""
    now = timezone.now()
    return f"forgot {filing.forget_discarded(now=now)}, acts {BulkAct.objects.forget(now=now)}"


@shared_task(name="closeloop.reply_automatically")
@one_at_a_time("reply_automatically")
def reply_automatically(lease: Lease) -> str:
    return f"queued {auto_replying.reply_automatically(now=timezone.now(), lease=lease)}"


@shared_task(name="closeloop.tally_loop")
@one_at_a_time("tally_loop")
def tally_loop(_lease: Lease) -> str:
    """Add up what became of those who answered, and anew the days on which that has changed."""
    return f"tallied {loop_tallies.advance_all(now=timezone.now())} days of follow-ups"


@shared_task(name="closeloop.check_loop_tallies")
@one_at_a_time("check_loop_tallies")
def check_loop_tallies(_lease: Lease) -> str:
    """Once a night; at any other time there is nothing to do."""
    found = loop_tallies.check_nightly(now=timezone.now())
    return "nothing to do" if found is None else f"{found} days differ"
