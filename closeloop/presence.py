"""Who else is looking at a follow-up, or writing on it, right now.

The page says that it is open every BEAT; who was not heard of for GONE has left. It is a courtesy
and no lock: what keeps two from overwriting each other is the version.
"""

from __future__ import annotations

import datetime as dt

from closeloop.models import FollowUp, Presence
from npsapp.models import User

GONE = dt.timedelta(seconds=50)


def note_presence(
    follow_up: FollowUp, *, user: User, is_writing: bool, now: dt.datetime
) -> list[Presence]:
    """Write down that the user is there; return the others who are."""
    values = {"seen_at": now, "is_writing": is_writing}
    Presence.objects.update_or_create(follow_up=follow_up, user=user, defaults=values)
    there = Presence.objects.since(now - GONE).filter(follow_up=follow_up)
    return list(there.exclude(user=user).select_related("user"))


def forget_gone(*, now: dt.datetime) -> int:
    """Delete what nobody can see any more."""
    return Presence.objects.filter(seen_at__lte=now - GONE).delete()[0]
