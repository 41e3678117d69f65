"""Putting a follow-up out of sight for a while, and bringing it back.

A snooze always has an end. It changes nothing for the customer: who was promised to hear from us
by Tuesday is still late on Wednesday, so the due time stays and a sleeping one counts as overdue.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction

from closeloop.changing import demand_open, lock, locked, record
from closeloop.models import Activity, FollowUp
from npsapp.models import User

logger = logging.getLogger(__name__)
LONGEST = dt.timedelta(days=90)
# Who waits for the customer to write looks again after this long at the latest.
LONGEST_FOR_REPLY = dt.timedelta(days=30)
# Why it came back, as the timeline keeps it.
TIME_PASSED, WOKEN = "time_passed", "woken"


class BadMoment(ValueError):
    """The end of the snooze has passed already, or lies too far ahead."""


def snooze(
    follow_up: FollowUp,
    *,
    until: dt.datetime,
    user: User,
    version: int,
    now: dt.datetime,
    until_reply: bool = False,
) -> FollowUp:
    """Put it out of sight until a moment. A mail from the customer ends every snooze before that.

    `until_reply` says that this is what it is meant for. Raises BadMoment, writing nothing.
    """
    longest = LONGEST_FOR_REPLY if until_reply else LONGEST
    if not now < until <= now + longest:
        raise BadMoment
    kind = Activity.Kind.SNOOZED
    details = {"until": until.astimezone(dt.UTC).isoformat(), "until_reply": until_reply}
    with locked(follow_up, user=user, version=version, kind=kind, details=details) as fresh:
        demand_open(fresh)
        fresh.snoozed_until = until
        record(fresh, kind, now=now, user=user, details=details)
    return fresh


def unsnooze(follow_up: FollowUp, *, user: User, version: int, now: dt.datetime) -> FollowUp:
    """Take it back into sight by hand; nothing happens to one that is awake."""
    kind = Activity.Kind.RETURNED
    with locked(follow_up, user=user, version=version, kind=kind) as fresh:
        demand_open(fresh)
        if fresh.snoozed_until is None:
            return fresh
        fresh.snoozed_until = None
        record(fresh, kind, now=now, user=user, details={"because": WOKEN})
    return fresh


def return_due(*, now: dt.datetime) -> int:
    """Bring back every follow-up whose time has passed, once, however many run at the same time."""
    passed = FollowUp.everything.filter(snoozed_until__lte=now)
    returned = 0
    for pk in list(passed.order_by("snoozed_until", "pk").values_list("pk", flat=True)):
        try:
            returned += _return_if_due(pk, now=now)
        except Exception:
            # One that cannot be brought back must not keep the others asleep.
            logger.exception("Could not bring back follow-up %s", pk)
    return returned


@transaction.atomic
def _return_if_due(pk: int, *, now: dt.datetime) -> bool:
    fresh = lock(pk)
    # Somebody may have woken it, closed it or snoozed it anew before we had the lock.
    if fresh.is_closed or fresh.snoozed_until is None or fresh.snoozed_until > now:
        return False
    fresh.snoozed_until = None
    fresh.returned_at = now
    record(fresh, Activity.Kind.RETURNED, now=now, details={"because": TIME_PASSED})
    return True
