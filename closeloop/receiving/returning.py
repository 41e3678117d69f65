"""A customer wrote: the follow-up wants somebody's attention again."""

from __future__ import annotations

import datetime as dt

from closeloop.changing import record
from closeloop.closing import await_contact, restart
from closeloop.models import Activity, FollowUp


def bring_back_for_mail(follow_up: FollowUp, *, now: dt.datetime) -> None:
    """Bring a locked follow-up back into the queue, from a snooze or from being closed.

    Whoever had heard from us waits anew; for whoever was waiting already the target stays.
    """
    was_closed = follow_up.is_closed
    follow_up.snoozed_until = None
    follow_up.returned_at = now
    if was_closed:
        restart(follow_up, since=now)
    elif not follow_up.awaiting_contact:
        await_contact(follow_up, since=now)
    if was_closed:
        record(follow_up, Activity.Kind.REOPENED, now=now, details={"because": "customer_wrote"})
    else:
        follow_up.save(
            update_fields=["snoozed_until", "returned_at", "due_at", "awaiting_contact"]
        )
