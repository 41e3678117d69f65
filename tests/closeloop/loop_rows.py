"""Follow-ups as a week of work leaves them, for the tests of what they add up to."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from closeloop.models import Activity, FollowUp
from closeloop.reports.cohort import Cohort
from npsapp.models import User
from responses.selection import Selection
from tests.factories import make_follow_up, make_mail, make_response

ZONE = ZoneInfo("Europe/Amsterdam")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# A Monday at nine in the morning, when work begins, and the Monday after it.
MONDAY = dt.datetime(2026, 3, 2, 9, tzinfo=ZONE)
NOW = MONDAY + 7 * DAY


def read(*, now: dt.datetime = NOW, **fields: Any) -> Cohort:
    return Cohort(selection=Selection(zone=ZONE, **fields), now=now)


def answered(at: dt.datetime = MONDAY, *, score: int = 9, **fields: Any) -> FollowUp:
    """Somebody answered; they wait for us unless told otherwise."""
    chosen = {
        name: fields.pop(name)
        for name in ("survey", "contact", "comment", "properties", "invitation")
        if name in fields
    }
    response = make_response(score=score, answered_at=at, **chosen)
    return make_follow_up(response=response, now=at, **fields)


def contacted(
    at: dt.datetime, *, after: dt.timedelta, by: User | None = None, **fields: Any
) -> FollowUp:
    """Somebody answered at `at`, and was spoken to by telephone so much later."""
    reached = at + after
    follow_up = answered(at, first_contacted_at=reached, awaiting_contact=False, **fields)
    owner = fields.get("owner")
    details = {"reached": True, "owner": owner.pk if owner else None}
    write(follow_up, Activity.Kind.CALL, at=reached, actor=by or owner, details=details)
    return follow_up


def closed(follow_up: FollowUp, *, at: dt.datetime = NOW - DAY, **fields: Any) -> FollowUp:
    values = {"state": "closed", "closed_at": at, "outcome": "solved"} | fields
    for name, value in values.items():
        setattr(follow_up, name, value)
    follow_up.save()
    details = {"owner": follow_up.owner_id}
    write(follow_up, Activity.Kind.CLOSED, at=at, actor=follow_up.owner, details=details)
    return follow_up


def write(follow_up: FollowUp, kind: Activity.Kind, *, at: dt.datetime, **fields: Any) -> Activity:
    follow_up.version += 1
    follow_up.save(update_fields=["version"])
    return Activity.objects.create(
        follow_up=follow_up, kind=kind, at=at, version=follow_up.version, **fields
    )


def replied(follow_up: FollowUp, *, at: dt.datetime, **mail: Any) -> Activity:
    """A reply that left, unless the mail is said to have met something else."""
    sent = make_mail(**{"kind": "reply", "state": "sent", "sent_at": at} | mail)
    return write(follow_up, Activity.Kind.REPLY, at=at, mail=sent, mail_settled_at=at)
