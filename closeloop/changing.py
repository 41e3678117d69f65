"""How a follow-up is changed: locked, from the version its reader saw, with a line in the timeline.

Everything that acts on a follow-up goes through here, so that no change goes unrecorded and nobody
overwrites what they have not seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from closeloop.duty import find_extra_days
from closeloop.models import Activity, FollowUp, Member
from closeloop.office_hours import DAY, load_hours
from closeloop.targets import LONGEST_SEARCH_DAYS, due_at
from npsapp.models import User
from responses.scoring import Category
from surveys.models import Mail, Organisation, get_organisation

MUTABLE = [
    "owner", "state", "due_at", "awaiting_contact", "first_contacted_at", "wants_contact",
    "snoozed_until", "returned_at", "closed_at", "outcome", "root_cause", "known_score",
    "answer_seen_at", "first_due_at", "version",
]  # fmt: skip


# What the customer brings about: it ends a snooze and puts the follow-up before the agent's eyes.
_WAKING = {
    Activity.Kind.ANSWER_CHANGED,
    Activity.Kind.RECEIVED,
    Activity.Kind.NOT_DELIVERED,
}
# What reports count people and times by: it must stay as it was when somebody acted.
FROZEN = {Activity.Kind.REPLY, Activity.Kind.CALL, Activity.Kind.CLOSED}


class StaleVersion(Exception):
    """Somebody changed the follow-up after this reader saw it: nothing was written."""


class AlreadyDone(StaleVersion):
    """The same person did this very thing a moment ago, by a second click: nothing was written."""


class WrongState(Exception):
    """A closed follow-up must be reopened first, an open one cannot be reopened."""


@contextmanager
def locked(
    follow_up: FollowUp,
    *,
    user: User,
    version: int,
    kind: Activity.Kind,
    text: str = "",
    details: dict[str, Any] | None = None,
) -> Iterator[FollowUp]:
    """Lock the row and hand it out fresh, if it still is what `user` saw as `version`.

    `kind`, `text` and `details` (all or some) name what is about to be recorded, to tell a second
    click from a collision.
    """
    with transaction.atomic():
        fresh = lock(follow_up.pk)
        if fresh.version != version:
            since = fresh.activities.after(version)
            same = {"kind": kind, "text": text, "details__contains": details or {}}
            if since.filter(actor=user, **same).exists():
                raise AlreadyDone
            raise StaleVersion
        yield fresh


def lock(pk: int) -> FollowUp:
    """Return the follow-up, locked until the transaction ends, with what most acts need."""
    related = (
        "response__contact__account",
        "response__survey",
        "response__tester",
        "response__invitation__campaign__sender",
        "owner",
    )
    return FollowUp.everything.select_for_update(of=("self",)).select_related(*related).get(pk=pk)


def demand_open(follow_up: FollowUp) -> None:
    if follow_up.is_closed:
        raise WrongState


def record(
    follow_up: FollowUp,
    kind: Activity.Kind,
    *,
    now: dt.datetime,
    user: User | None = None,
    text: str = "",
    details: dict[str, Any] | None = None,
    mail: Mail | None = None,
) -> Activity:
    """Save a locked follow-up as its next version, and write the line that says why."""
    # What a machine of theirs wrote wakes nobody.
    if kind in _WAKING and not (details or {}).get("automatic"):
        follow_up.snoozed_until, follow_up.returned_at = None, now
    elif user:
        follow_up.returned_at = None
    if kind in FROZEN:
        details = freeze(follow_up, now=now) | (details or {})
    follow_up.version += 1
    follow_up.save(update_fields=MUTABLE)
    return Activity.objects.create(
        follow_up=follow_up,
        kind=kind,
        actor=user,
        at=now,
        text=text,
        version=follow_up.version,
        details=details or {},
        mail=mail,
    )


def freeze(follow_up: FollowUp, *, now: dt.datetime) -> dict[str, Any]:
    """Whose it was, and how long (in seconds) the answer as it stands had waited by then."""
    return {
        "owner": follow_up.owner_id,
        "owner_name": str(follow_up.owner or ""),
        "waited": int((now - follow_up.answer_seen_at).total_seconds()),
        "due_at": follow_up.due_at.astimezone(dt.UTC).isoformat(),
    }


def note_contact(follow_up: FollowUp, *, at: dt.datetime) -> None:
    """Mark on the (unsaved) row that the person heard from us."""
    follow_up.awaiting_contact = False
    follow_up.first_contacted_at = follow_up.first_contacted_at or at


def find_target(
    category: str,
    *,
    since: dt.datetime,
    owner: User | None = None,
    organisation: Organisation | None = None,
) -> dt.datetime:
    """Return by when somebody who waits since a moment should hear from us.

    The team's hours, read from the owner's clock, decide: an owner's day off or absence makes no
    customer wait longer. A weekday on which the owner works and the team does not counts as well.
    Giving the follow-up to somebody else leaves the target alone: it is a promise to the customer.
    `organisation` spares a query where many are asked for.
    """
    organisation = organisation or get_organisation()
    member = Member.objects.filter(user=owner).first() if owner else None
    zone = (member and member.zone) or organisation.zone
    first = since.astimezone(zone).date()
    hours = load_hours(
        organisation,
        first=first,
        last=first + LONGEST_SEARCH_DAYS * DAY,
        weekdays=[*organisation.working_days, *find_extra_days(member, organisation)],
        zone=zone,
    )
    return due_at(since, count_target_days(organisation, category), hours)


def count_target_days(organisation: Organisation, category: str) -> int:
    days = {
        Category.DETRACTOR: organisation.target_days_detractor,
        Category.PASSIVE: organisation.target_days_passive,
        Category.PROMOTER: organisation.target_days_promoter,
    }
    return days[Category(category)]
