"""The team's own words on the answer of a follow-up, with a line in the timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from closeloop.changing import locked, record
from closeloop.models import Activity, FollowUp
from npsapp.models import User
from responses.tagging import tidy, write_tags


def set_tags(
    follow_up: FollowUp,
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    user: User,
    version: int,
    now: dt.datetime,
) -> FollowUp:
    """Add and remove tags by their words; a word that is new becomes a tag of the team.

    On a closed follow-up too: what it was about may become clear later. Nothing is recorded when
    nothing changes. Raises TooManyTags or TagTooLong, writing nothing.
    """
    kind = Activity.Kind.TAGGED
    adding, removing = tidy(add), tidy(remove)
    asked = {"asked": {"add": adding, "remove": removing}}
    with locked(follow_up, user=user, version=version, kind=kind, details=asked) as fresh:
        change_tags(fresh, add=adding, remove=removing, user=user, now=now, asked=asked)
    return fresh


def retag(
    follow_up: FollowUp, *, words: Iterable[str], user: User, version: int, now: dt.datetime
) -> FollowUp:
    """Let exactly these words be its tags."""
    kind, wanted = Activity.Kind.TAGGED, tidy(words)
    asked = {"asked": {"all": wanted}}
    with locked(follow_up, user=user, version=version, kind=kind, details=asked) as fresh:
        leave_tags(fresh, words=wanted, user=user, now=now, asked=asked)
    return fresh


def leave_tags(
    fresh: FollowUp,
    *,
    words: Iterable[str],
    user: User,
    now: dt.datetime,
    asked: dict[str, Any] | None = None,
) -> None:
    """Let exactly these words be the tags of a follow-up that is locked already."""
    wanted = tidy(words)
    kept = {word.lower() for word in wanted}
    remove = [tag.label for tag in fresh.tags.all() if tag.label.lower() not in kept]
    change_tags(fresh, add=wanted, remove=remove, user=user, now=now, asked=asked)


def change_tags(
    fresh: FollowUp,
    *,
    add: Iterable[str],
    remove: Iterable[str] = (),
    user: User,
    now: dt.datetime,
    asked: dict[str, Any] | None = None,
) -> tuple[list[str], list[str]]:
    """Change the tags of a follow-up that is locked already; return those added and removed."""
    added, removed = write_tags(fresh.response, add=add, remove=remove)
    if not added and not removed:
        return [], []
    # The words as they were: a tag may be renamed, the timeline is not.
    details = {"added": added, "removed": removed}
    record(fresh, Activity.Kind.TAGGED, now=now, user=user, details=details | (asked or {}))
    return added, removed
