"""What happened that no mail tells: notes, telephone calls, and what the customer was given."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import QuerySet

from closeloop.changing import demand_open, locked, note_contact, record
from closeloop.models import Activity, FollowUp
from npsapp.models import User
from npsapp.roles import Role


def add_note(
    follow_up: FollowUp,
    *,
    text: str,
    user: User,
    version: int,
    now: dt.datetime,
    tell: Iterable[User] = (),
) -> FollowUp:
    """Write an internal note; on a closed follow-up too, which stays closed.

    `tell` are colleagues it is meant for, besides those whom the text names with an @.
    """
    kind = Activity.Kind.NOTE
    meant = {one.pk: one for one in [*tell, *find_mentions(text)] if one != user}
    with locked(follow_up, user=user, version=version, kind=kind, text=text) as fresh:
        if not fresh.is_closed:
            fresh.state = FollowUp.State.IN_PROGRESS
        # The names as they were, for whoever reads the timeline when they have left.
        names = [str(one) for one in meant.values()]
        details = {"mentions": list(meant), "mentioned": names} if meant else {}
        record(fresh, kind, now=now, user=user, text=text, details=details)
    return fresh


def list_colleagues() -> QuerySet[User]:
    """Whom a note can be meant for: those who may open the follow-up."""
    return User.objects.who_may(Role.AGENT).order_by("name", "pk")


def find_mentions(text: str) -> list[User]:
    """Return whom a text names: "@Sanne Snel", or "@Sanne" while there is only one Sanne."""
    if "@" not in text:
        return []
    people = list(list_colleagues())
    called: dict[str, list[User]] = {}
    for person in people:
        # Who has one name only is called by it, and not twice.
        for name in {person.name.casefold(), person.get_short_name().casefold()} - {""}:
            called.setdefault(name, []).append(person)
    found: dict[int, User] = {}
    # The longest first: "@Sanne Snel" means her although "@Sanne" alone would be doubtful.
    names = sorted(called, key=len, reverse=True)
    pattern = r"(?<![\w@.])@(" + "|".join(map(re.escape, names)) + r")(?!\w)"
    for match in re.finditer(pattern, text.casefold()) if names else ():
        meant = called[match[1]]
        if len(meant) == 1:
            found[meant[0].pk] = meant[0]
    return list(found.values())


def mentioned(activity: Activity) -> list[User]:
    """Return the colleagues a note is meant for who may still open the follow-up."""
    keys = activity.details.get("mentions", [])
    return list(User.objects.who_may(Role.AGENT).filter(pk__in=keys).order_by("pk"))


def log_call(
    follow_up: FollowUp,
    *,
    outcome: Activity.CallOutcome,
    text: str,
    user: User,
    version: int,
    now: dt.datetime,
) -> FollowUp:
    """Write a telephone call down. Only one in which somebody spoke to the person is a contact."""
    kind, reached = Activity.Kind.CALL, outcome == Activity.CallOutcome.REACHED
    details = {"reached": reached, "outcome": outcome.value}
    with locked(
        follow_up, user=user, version=version, kind=kind, text=text, details=details
    ) as fresh:
        demand_open(fresh)
        fresh.state = FollowUp.State.IN_PROGRESS
        if reached:
            note_contact(fresh, at=now)
        record(fresh, kind, now=now, user=user, text=text, details=details)
    return fresh


def give_gesture(
    follow_up: FollowUp, *, what: str, cost: Decimal, user: User, version: int, now: dt.datetime
) -> FollowUp:
    """Write down what the customer was given, and what it cost us, in the organisation's money.

    On a closed follow-up too: the flowers may be sent the day after.
    """
    kind = Activity.Kind.GESTURE
    # As text: a JSON number would not keep the cents.
    details = {"what": what, "cost": f"{cost:.2f}"}
    with locked(follow_up, user=user, version=version, kind=kind, details=details) as fresh:
        if not fresh.is_closed:
            fresh.state = FollowUp.State.IN_PROGRESS
        record(fresh, kind, now=now, user=user, details=details)
    return fresh
