"""Words about a follow-up that do not reach the customer: notes, and what was said by telephone."""

from __future__ import annotations

import datetime as dt

from closeloop.changing import demand_open, locked, note_contact, record
from closeloop.models import Activity, FollowUp
from npsapp.models import User


def add_note(
    follow_up: FollowUp, *, text: str, user: User, version: int, now: dt.datetime
) -> FollowUp:
    """Write an internal note; on a closed follow-up too, which stays closed."""
    kind = Activity.Kind.NOTE
    with locked(follow_up, user=user, version=version, kind=kind, text=text) as fresh:
        if not fresh.is_closed:
            fresh.state = FollowUp.State.IN_PROGRESS
        record(fresh, kind, now=now, user=user, text=text)
    return fresh


def log_call(
    follow_up: FollowUp, *, reached: bool, text: str, user: User, version: int, now: dt.datetime
) -> FollowUp:
    """Write a telephone call down. Only one in which somebody spoke to the person is a contact."""
    kind = Activity.Kind.CALL
    with locked(follow_up, user=user, version=version, kind=kind, text=text) as fresh:
        demand_open(fresh)
        fresh.state = FollowUp.State.IN_PROGRESS
        if reached:
            note_contact(fresh, at=now)
        record(fresh, kind, now=now, user=user, text=text, details={"reached": reached})
    return fresh
