"""Who else is looking at a follow-up, or writing on it, right now.

The page says that it is open every BEAT; who was not heard of for GONE has left. It is a courtesy
and no lock: what keeps two from overwriting each other is the version.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import QuerySet

from closeloop.models import FollowUp, Presence
from npsapp.models import User

GONE = dt.timedelta(seconds=50)


def note_presence(
    follow_up: FollowUp, *, user: User, is_writing: bool, now: dt.datetime
) -> list[Presence]:
    """Write down that the user is there; return the others who are."""
    values = {"seen_at": now, "is_writing": is_writing}
    Presence.objects.update_or_create(follow_up=follow_up, user=user, defaults=values)
    return list(_there(now).filter(follow_up=follow_up).exclude(user=user))


def find_present(follow_ups: Iterable[int], *, but: User, now: dt.datetime) -> list[Presence]:
    """Who is at any of these follow-ups (their keys), leaving one person out; one query."""
    return list(_there(now).filter(follow_up__in=list(follow_ups)).exclude(user=but))


def forget_gone(*, now: dt.datetime) -> int:
    """Delete what nobody can see any more."""
    return Presence.objects.filter(seen_at__lte=now - GONE).delete()[0]


def _there(now: dt.datetime) -> QuerySet[Presence]:
    return Presence.objects.since(now - GONE).select_related("user")
