"""Whose follow-up it is."""

from __future__ import annotations

import datetime as dt
import enum
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count

from closeloop.changing import WrongState, demand_open, lock, locked, record
from closeloop.duty import Roster, load_roster
from closeloop.models import Activity, FollowUp, Member
from closeloop.models.followup import FollowUpQuerySet
from npsapp.models import User
from npsapp.roles import Role
from responses.models import Response
from surveys.models import get_organisation

# Why an owner changed, when it is because somebody took back what they did.
UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose it becomes, and why: told in the timeline for good."""

    owner: User | None
    because: Because


class Because(enum.StrEnum):
    ACCOUNT = "account"
    LANGUAGE = "language"
    LOAD = "load"
    NOBODY = "nobody"
    TESTER = "tester"


def choose_owner(response: Response, *, due_at: dt.datetime, now: dt.datetime) -> Choice:
    """Choose who follows up an answer: the account's owner, else the least loaded at work.

    The account's owner gets it when on duty, not absent, and at work before it is due. Of the
    others those come first who write the language of the answer; equal loads go to who has been a
    member longest. Outside of working hours it is who will be at work when they begin again.

    The members stay locked until the caller's transaction ends: of two answers that arrive
    together the second one sees the first's owner.
    """
    on_duty = Member.objects.on_duty().order_by("pk").select_related("user")
    members = list(on_duty.select_for_update(of=("self",), no_key=True))
    if not members:
        return Choice(None, Because.NOBODY)
    roster = _load_roster(members, now=now)
    day = roster.find_day(now)
    return _choose(response, due_at=due_at, roster=roster, day=day, loads=_count_loads)


def _load_roster(members: list[Member], *, now: dt.datetime) -> Roster:
    organisation = get_organisation()
    return load_roster(members, organisation, first=now.astimezone(organisation.zone).date())


def _choose(
    response: Response,
    *,
    due_at: dt.datetime,
    roster: Roster,
    day: dt.date,
    loads: Callable[[Sequence[Member]], Mapping[int, int]],
) -> Choice:
    of_account = _find_account_owner(response, roster.members)
    if of_account and not roster.is_absent(of_account, day):
        last = max(day, due_at.astimezone(roster.organisation.zone).date())
        if roster.is_back_by(of_account, since=day, until=last):
            return Choice(of_account.user, Because.ACCOUNT)
    at_work = roster.at_work(day)
    speaking = [member for member in at_work if member.writes(response.language)]
    if not at_work:
        return Choice(None, Because.NOBODY)
    because = Because.LANGUAGE if 0 < len(speaking) < len(at_work) else Because.LOAD
    able = speaking or at_work
    load = loads(able)
    return Choice(min(able, key=lambda one: (load.get(one.user_id, 0), one.pk)).user, because)


def _find_account_owner(response: Response, members: Sequence[Member]) -> Member | None:
    account = response.contact.account if response.contact else None
    if account is None or account.owner_id is None:
        return None
    return next((member for member in members if member.user_id == account.owner_id), None)


def _count_loads(members: Sequence[Member]) -> dict[int, int]:
    """Return how many follow-ups each has open, by the user."""
    return dict(
        FollowUp.objects.open()
        .filter(owner__in=[member.user_id for member in members])
        .order_by()
        .values_list("owner")
        .annotate(load=Count("pk"))
    )


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
    kind, same = Activity.Kind.ASSIGNED, {"to": to and to.pk}
    with locked(follow_up, user=user, version=version, kind=kind, details=same) as fresh:
        demand_open(fresh)
        if fresh.owner == to:
            return fresh
        # For whoever takes it back at once.
        before = fresh.state
        if to == user:
            fresh.state = FollowUp.State.IN_PROGRESS
        give(fresh, to=to, user=user, now=now, state=before)
    return fresh


def undo_assign(follow_up: FollowUp, *, user: User, version: int, now: dt.datetime) -> FollowUp:
    """Take back what one did to the owner when nothing happened since: the state returns too.

    Whoever may have no follow-ups any more does not get it again.
    """
    kind = Activity.Kind.ASSIGNED
    with locked(
        follow_up, user=user, version=version, kind=kind, details={"because": UNDONE}
    ) as fresh:
        last = fresh.activities.filter(version=fresh.version).first()
        if last is None or last.kind != kind or last.actor_id != user.pk:
            raise WrongState
        before = User.objects.who_may(Role.AGENT).filter(pk=last.details.get("from") or 0).first()
        fresh.state = last.details.get("state", fresh.state)
        give(fresh, to=before, user=user, now=now, because=UNDONE)
    return fresh


def give(
    fresh: FollowUp, *, to: User | None, now: dt.datetime, user: User | None = None, **why: str
) -> None:
    """Change the owner of a locked follow-up; `why` stands in the timeline with it."""
    before, fresh.owner = fresh.owner, to
    # Names as they were: who was given what must stay readable after somebody left.
    details = {
        "from": before and before.pk,
        "from_name": str(before or ""),
        "to": to and to.pk,
        "to_name": str(to or ""),
        **why,
    }
    # Whoever it is given to hears of it from the timeline: see closeloop.telling.
    record(fresh, Activity.Kind.ASSIGNED, now=now, user=user, details=details)


def share_out(*, user: User, now: dt.datetime) -> int:
    """Give what nobody has to the members at work, fairly and in order of due time.

    Returns how many found an owner: none when nobody is on duty.
    """
    nobodys = FollowUp.objects.open().unassigned()
    return _share(nobodys, before=None, user=user, now=now)


def preview_share(*, now: dt.datetime) -> list[tuple[User, int]]:
    """Return how many of what nobody has each would get, the most first; nothing is changed."""
    members = list(Member.objects.on_duty().order_by("pk").select_related("user"))
    if not members:
        return []
    roster = _load_roster(members, now=now)
    day, loads = roster.find_day(now), _count_loads(members)
    given: Counter[User] = Counter()
    nobodys = FollowUp.objects.open().unassigned().in_order()
    for follow_up in nobodys.select_related("response__contact__account"):
        owner = _choose(
            follow_up.response,
            due_at=follow_up.due_at,
            roster=roster,
            day=day,
            loads=lambda _members: loads,
        ).owner
        if owner is None:
            break
        given[owner] += 1
        loads[owner.pk] = loads.get(owner.pk, 0) + 1
    return given.most_common()


def hand_over(member: Member, *, user: User, now: dt.datetime) -> int:
    """Give to others what somebody who is away still has open and somebody waits for.

    Returns how many changed hands: none when nobody else is at work.
    """
    theirs = FollowUp.objects.open().mine(member.user).filter(awaiting_contact=True)
    return _share(theirs, before=member.user, user=user, now=now)


def _share(
    follow_ups: FollowUpQuerySet, *, before: User | None, user: User, now: dt.datetime
) -> int:
    shared = 0
    for pk in follow_ups.in_order().values_list("pk", flat=True):
        with transaction.atomic():
            # Members first, as everywhere: two locks taken in two orders wait for each other.
            asked = FollowUp.objects.select_related("response__contact__account").get(pk=pk)
            choice = choose_owner(asked.response, due_at=asked.due_at, now=now)
            follow_up = lock(pk)
            if choice.owner is None or choice.owner == before:
                return shared
            if follow_up.owner == before and not follow_up.is_closed:
                give(follow_up, to=choice.owner, user=user, now=now)
                shared += 1
    return shared
