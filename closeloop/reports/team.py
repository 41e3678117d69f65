"""Who follows up, and how much each of them has to do."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, QuerySet

from closeloop.models import Member
from closeloop.models.followup import still_open, still_overdue


def list_members(*, now: dt.datetime) -> QuerySet[Member]:
    """Return the members with `load` and `late`, the numbers of their open and overdue ones."""
    theirs = "user__follow_ups__"
    return Member.objects.select_related("user").annotate(
        load=Count("user__follow_ups", filter=still_open(theirs)),
        late=Count("user__follow_ups", filter=still_overdue(now, theirs)),
    )
