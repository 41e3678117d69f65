"""The team's own words on a follow-up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Value
from django.db.models.functions import Lower

from closeloop.changing import locked, record
from closeloop.models import Activity, FollowUp, Tag
from npsapp.models import User

MOST = 8
LONGEST = 40
OFFERED = 16


class TooManyTags(ValueError):
    """More than MOST would stand on one follow-up."""


class TagTooLong(ValueError):
    """A word of more than LONGEST characters."""


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


def offer_tags(follow_up: FollowUp) -> list[str]:
    """The words to choose from: its own, and those used most."""
    used = Tag.objects.annotate(n=Count("follow_ups")).order_by("-n", "label")[:OFFERED]
    own = [tag.label for tag in follow_up.tags.all()]
    return own + sorted((tag.label for tag in used if tag.label not in own), key=str.casefold)


def change_tags(
    fresh: FollowUp,
    *,
    add: Iterable[str],
    remove: Iterable[str] = (),
    user: User,
    now: dt.datetime,
    asked: dict[str, Any] | None = None,
) -> None:
    """Change the tags of a follow-up that is locked already."""
    there = {tag.label.lower(): tag for tag in fresh.tags.all()}
    leaving = {word.lower() for word in remove} & there.keys()
    coming = [word for word in tidy(add) if word.lower() not in there.keys() | leaving]
    if not coming and not leaving:
        return
    if len(there) - len(leaving) + len(coming) > MOST:
        raise TooManyTags
    found = find_or_make(coming)
    fresh.tags.remove(*[there[word] for word in leaving])
    fresh.tags.add(*found)
    # The words as they were: a tag may be renamed, the timeline is not.
    details = {
        "added": [tag.label for tag in found],
        "removed": sorted(there[word].label for word in leaving),
    }
    record(fresh, Activity.Kind.TAGGED, now=now, user=user, details=details | (asked or {}))


def find_or_make(words: list[str]) -> list[Tag]:
    """Return the tags of these words, whatever their capitals, making those that are new."""
    found: list[Tag] = []
    # By the measure of the constraint: `iexact` compares upper case, which is not always the same.
    tags = Tag.objects.alias(measure=Lower("label"))
    for word in words:
        tag = tags.filter(measure=Lower(Value(word))).first()
        if tag is None:
            # Two people may think of one word at the same time, in other capitals.
            Tag.objects.bulk_create([Tag(label=word)], ignore_conflicts=True)
            tag = tags.get(measure=Lower(Value(word)))
        found.append(tag)
    return found


def tidy(words: Iterable[str]) -> list[str]:
    """Return the words without double spaces, empty ones and repetitions. Raises TagTooLong."""
    neat: dict[str, str] = {}
    for word in words:
        word = " ".join(word.split())
        if len(word) > LONGEST:
            raise TagTooLong
        if word:
            neat.setdefault(word.lower(), word)
    return list(neat.values())
