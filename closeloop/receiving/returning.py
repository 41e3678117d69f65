"""A customer wrote: the follow-up wants somebody's attention again."""

from __future__ import annotations

import datetime as dt

from closeloop.closing import await_contact, restart
from closeloop.models import FollowUp


def bring_back_for_mail(follow_up: FollowUp, *, now: dt.datetime) -> None:
    """Bring the (unsaved) row back to work; recording the mail ends a snooze.

    Whoever had heard from us waits anew; for whoever was waiting already the target stays.
    """
    if follow_up.is_closed:
        restart(follow_up, since=now)
    elif not follow_up.awaiting_contact:
        await_contact(follow_up, since=now)
