"""Who follows up, and how much each of them has to do."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Q, QuerySet

from closeloop.models import Member
from closeloop.models.followup import still_open, still_overdue


def list_members(*, now: dt.datetime) -> QuerySet[Member]:
    """Return the members with `load` and `late`, the numbers of their open and overdue ones."""
    theirs = "user__follow_ups__"
    # A join does not know of the manager that leaves tests out.
    counted = Q(user__follow_ups__is_test=False)
    return Member.objects.select_related("user").annotate(
        load=Count("user__follow_ups", filter=counted & still_open(theirs)),
        late=Count("user__follow_ups", filter=counted & still_overdue(now, theirs)),
    )
