"""What came into a view after somebody drew it."""

from __future__ import annotations

from django.db.models import Max, Q

from closeloop.models import Activity, FollowUp
from closeloop.models.followup import FollowUpQuerySet
from closeloop.reports.queue import View
from npsapp.models import User

ARRIVALS = [Activity.Kind.OPENED, Activity.Kind.REOPENED, Activity.Kind.RETURNED]


def read_marker() -> int:
    """Return the number of the newest line in any timeline: what came before it was seen."""
    return Activity.objects.aggregate(newest=Max("pk"))["newest"] or 0


def count_new(follow_ups: FollowUpQuerySet, view: View, *, seen: int, user: User) -> int:
    """Count those of a view that came into it after `seen`, by somebody else's doing.

    Only the lines after the marker are read, however many follow-ups there are.
    """
    kinds = [*ARRIVALS]
    if view in (View.MINE, View.UNASSIGNED):
        # Anywhere else one that changes hands is no news.
        kinds.append(Activity.Kind.ASSIGNED)
    lines = Activity.objects.filter(pk__gt=seen, kind__in=kinds)
    others = lines.filter(Q(actor__isnull=True) | ~Q(actor=user)).order_by()
    return follow_ups.filter(pk__in=others.values("follow_up")).count()


def with_change_after(follow_ups: list[FollowUp], seen: int) -> set[int]:
    """Return the keys of those that anything happened to after `seen`."""
    lines = Activity.objects.filter(pk__gt=seen, follow_up__in=follow_ups).order_by()
    return set(lines.values_list("follow_up", flat=True))
