"""Closing a follow-up with what came of it, and opening it again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from closeloop.changing import WrongState, demand_open, find_target, locked, record
from closeloop.models import Activity, FollowUp, RootCause
from closeloop.tagging import leave_tags
from npsapp.models import User
from responses.models import Category


class Unfinished(ValueError):
    """An outcome is missing, or the root cause that a detractor's follow-up needs."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What came of a follow-up."""

    outcome: str
    root_cause: RootCause | None = None
    text: str = ""
    # All the tags it shall have; None leaves them as they are.
    tags: tuple[str, ...] | None = None


def needs_root_cause(follow_up: FollowUp) -> bool:
    return bool(follow_up.response.category == Category.DETRACTOR)


def close(
    follow_up: FollowUp, closing: Closing, *, user: User, version: int, now: dt.datetime
) -> FollowUp:
    """Close it; raises Unfinished when something is missing."""
    kind = Activity.Kind.CLOSED
    same = {"outcome": closing.outcome, "root_cause": str(closing.root_cause or "")}
    with locked(
        follow_up, user=user, version=version, kind=kind, text=closing.text, details=same
    ) as fresh:
        demand_open(fresh)
        finish(fresh, closing, user=user, now=now)
    return fresh


def finish(fresh: FollowUp, closing: Closing, *, user: User, now: dt.datetime) -> None:
    """Close a follow-up that is locked already."""
    check(fresh, closing)
    if closing.tags is not None:
        # First: closing is what the undo looks for as the last thing that happened.
        leave_tags(fresh, words=closing.tags, user=user, now=now)
    before = fresh.state
    fresh.state = FollowUp.State.CLOSED
    fresh.closed_at = now
    fresh.snoozed_until = fresh.returned_at = None
    fresh.outcome = closing.outcome
    fresh.root_cause = closing.root_cause
    # Frozen for the reports, with the owner and the times: what the cause was called then.
    details = {
        "outcome": closing.outcome,
        "root_cause": str(closing.root_cause or ""),
        "contacted": not fresh.awaiting_contact,
        # For whoever takes the closing back at once.
        "state": before,
    }
    record(fresh, Activity.Kind.CLOSED, now=now, user=user, text=closing.text, details=details)


def check(follow_up: FollowUp, closing: Closing) -> None:
    if closing.outcome not in FollowUp.Outcome.values or not closing.outcome:
        raise Unfinished("outcome")
    if needs_root_cause(follow_up) and closing.root_cause is None:
        raise Unfinished("root_cause")


def reopen(
    follow_up: FollowUp, *, text: str, user: User, version: int, now: dt.datetime
) -> FollowUp:
    """Open it again, with a new response target from now on: somebody waits for us once more."""
    kind = Activity.Kind.REOPENED
    with locked(follow_up, user=user, version=version, kind=kind, text=text) as fresh:
        if not fresh.is_closed:
            raise WrongState
        restart(fresh, since=now)
        record(fresh, kind, now=now, user=user, text=text)
    return fresh


def undo_close(follow_up: FollowUp, *, user: User, version: int, now: dt.datetime) -> FollowUp:
    """Take back one's own closing when nothing happened since: its response target stays."""
    kind = Activity.Kind.REOPENED
    with locked(follow_up, user=user, version=version, kind=kind) as fresh:
        last = fresh.activities.filter(version=fresh.version).first()
        if last is None or last.kind != Activity.Kind.CLOSED or last.actor_id != user.pk:
            raise WrongState
        clear(fresh)
        fresh.state = last.details.get("state", FollowUp.State.OPEN)
        record(fresh, kind, now=now, user=user, details={"because": "undone"})
    return fresh


def restart(follow_up: FollowUp, *, since: dt.datetime) -> None:
    """Undo on the (unsaved) row what closing wrote, and set a new response target."""
    clear(follow_up)
    await_contact(follow_up, since=since)


def clear(follow_up: FollowUp) -> None:
    """Take what closing wrote off the (unsaved) row; the timeline keeps what it said."""
    follow_up.state = FollowUp.State.OPEN
    follow_up.closed_at = None
    follow_up.outcome = FollowUp.Outcome.NONE
    follow_up.root_cause = None


def await_contact(follow_up: FollowUp, *, since: dt.datetime) -> None:
    """Set on the (unsaved) row that the person waits for us from a moment on."""
    category, owner = follow_up.response.category, follow_up.owner
    follow_up.first_due_at = follow_up.first_due_at or follow_up.due_at
    follow_up.due_at = find_target(category, since=since, owner=owner)
    follow_up.awaiting_contact = True
