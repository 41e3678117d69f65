"""Words that are kept while somebody types them."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from closeloop.changing import lock
from closeloop.models import Activity, Draft, FollowUp
from npsapp.models import User

RECORDED_AS = {Draft.Kind.REPLY: Activity.Kind.REPLY, Draft.Kind.NOTE: Activity.Kind.NOTE}


@transaction.atomic
def save_draft(
    follow_up: FollowUp,
    kind: Draft.Kind,
    *,
    subject: str,
    text: str,
    user: User,
    version: int,
    now: dt.datetime,
) -> Draft | None:
    """Keep the words, or none when there are none.

    `version` is what the page showed: a browser may hand in late what was sent a moment before, and
    that must not come back as a draft.
    """
    # Behind a reply that is being sent at this moment, or before it.
    lock(follow_up.pk)
    mine = Draft.objects.filter(follow_up=follow_up, user=user, kind=kind)
    done = follow_up.activities.after(version).filter(
        actor=user, kind=RECORDED_AS[kind], text=text.strip()
    )
    if not text.strip() or done.exists():
        mine.delete()
        return None
    values = {"subject": subject, "text": text, "updated_at": now}
    draft, _ = Draft.objects.update_or_create(
        follow_up=follow_up, user=user, kind=kind, defaults=values
    )
    return draft


def find_drafts(follow_up: FollowUp, *, user: User) -> dict[str, Draft]:
    """The user's own, by kind."""
    mine = Draft.objects.filter(follow_up=follow_up, user=user)
    return {draft.kind: draft for draft in mine}


def discard_draft(follow_up: FollowUp, kind: str, *, user: User) -> None:
    Draft.objects.filter(follow_up=follow_up, user=user, kind=kind).delete()
