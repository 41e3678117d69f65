"""Who follows up, and how much each of them has to do."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Q, QuerySet

from closeloop.models import FollowUp, Member


def list_members(*, now: dt.datetime) -> QuerySet[Member]:
    """Return the members with `load` and `late`, the numbers of their open and overdue ones."""
    # A join does not know of the manager that leaves tests out.
    is_open = ~Q(user__follow_ups__state=FollowUp.State.CLOSED) & Q(user__follow_ups__is_test=False)
    is_late = Q(user__follow_ups__awaiting_contact=True, user__follow_ups__due_at__lt=now)
    return Member.objects.select_related("user").annotate(
        load=Count("user__follow_ups", filter=is_open),
        late=Count("user__follow_ups", filter=is_open & is_late),
    )
