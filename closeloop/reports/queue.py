"""How much work there is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q

from closeloop.models import FollowUp
from npsapp.models import User


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """The sizes of the views of the queue; all but `closed` are about open follow-ups."""

    mine: int
    unassigned: int
    overdue: int
    open: int
    closed: int


def queue_counts(*, user: User, now: dt.datetime) -> QueueCounts:
    """Count every view of the queue for a person, in one query."""
    is_open = ~Q(state=FollowUp.State.CLOSED)
    return QueueCounts(
        **FollowUp.objects.aggregate(
            mine=Count("pk", filter=is_open & Q(owner=user)),
            unassigned=Count("pk", filter=is_open & Q(owner__isnull=True)),
            overdue=Count("pk", filter=is_open & Q(awaiting_contact=True, due_at__lt=now)),
            open=Count("pk", filter=is_open),
            closed=Count("pk", filter=~is_open),
        )
    )


def count_mine(user: User) -> int:
    """How many open follow-ups wait on a person's desk: the number beside the rail's entry."""
    return FollowUp.objects.open().mine(user).count()
