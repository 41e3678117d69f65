"""Whose follow-up it is."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Count

from closeloop.changing import demand_open, lock, locked, record
from closeloop.models import Activity, FollowUp, Member
from closeloop.notifying import tell_owner
from npsapp.models import User
from npsapp.roles import Role
from responses.models import Response


def choose_owner() -> User | None:
    """Return the member on duty with the fewest open follow-ups; None when nobody is on duty.

    Equal loads go to who has been a member longest. The members stay locked until the caller's
    transaction ends: of two answers that arrive together the second one sees the first's owner.
    """
    on_duty = Member.objects.on_duty().order_by("pk").select_related("user")
    members = list(on_duty.select_for_update(of=("self",), no_key=True))
    if not members:
        return None
    loads = dict(
        FollowUp.objects.open()
        .filter(owner__in=[member.user_id for member in members])
        .order_by()
        .values_list("owner")
        .annotate(load=Count("pk"))
    )
    return min(members, key=lambda member: (loads.get(member.user_id, 0), member.pk)).user


def choose_tester(response: Response) -> User | None:
    """A test is followed up by who made it, whoever is on duty."""
    tester = response.tester
    return tester if tester and tester.is_active and tester.may(Role.AGENT) else None


def take(follow_up: FollowUp, *, user: User, version: int, now: dt.datetime) -> FollowUp:
    """Make it the user's own and start work on it. Of two at once, one gets StaleVersion."""
    return assign(follow_up, to=user, user=user, version=version, now=now)


def assign(
    follow_up: FollowUp, *, to: User | None, user: User, version: int, now: dt.datetime
) -> FollowUp:
    """Give it to somebody, or back to nobody."""
    kind = Activity.Kind.ASSIGNED
    with locked(follow_up, user=user, version=version, kind=kind) as fresh:
        demand_open(fresh)
        if fresh.owner == to:
            return fresh
        if to == user:
            fresh.state = FollowUp.State.IN_PROGRESS
        _give(fresh, to=to, user=user, now=now)
    return fresh


def _give(fresh: FollowUp, *, to: User | None, user: User, now: dt.datetime) -> None:
    """Change the owner of a locked follow-up."""
    before, fresh.owner = fresh.owner, to
    # Names as they were: who was given what must stay readable after somebody left.
    details = {
        "from": before and before.pk,
        "from_name": str(before or ""),
        "to": to and to.pk,
        "to_name": str(to or ""),
    }
    record(fresh, Activity.Kind.ASSIGNED, now=now, user=user, details=details)
    if to != user:
        tell_owner(fresh, now=now)


def share_out(*, user: User, now: dt.datetime) -> int:
    """Give what nobody has to the members on duty, fairly and in order of due time.

    Returns how many found an owner: none when nobody is on duty.
    """
    shared = 0
    for pk in FollowUp.objects.open().unassigned().in_order().values_list("pk", flat=True):
        with transaction.atomic():
            # Members first, as everywhere: two locks taken in two orders wait for each other.
            owner = choose_owner()
            follow_up = lock(pk)
            if owner is None:
                return shared
            if follow_up.owner is None and not follow_up.is_closed:
                _give(follow_up, to=owner, user=user, now=now)
                shared += 1
    return shared
