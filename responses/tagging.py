"""The team's own words on an answer: few, short, and each one written in one way only."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Count, Value
from django.db.models.functions import Lower

from responses.models import Response, Tag

MOST = 8
LONGEST = 40
OFFERED = 16


class TooManyTags(ValueError):
    """More than MOST would stand on one answer."""


class TagTooLong(ValueError):
    """A word of more than LONGEST characters."""


def change_tags(
    response: Response, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> tuple[list[str], list[str]]:
    """Change the tags of an answer that has no follow-up; return those added and those removed.

    Where there is one, `closeloop.tagging` does it, and writes it into the timeline.
    """
    with transaction.atomic():
        locked = Response.objects.select_for_update(of=("self",)).get(pk=response.pk)
        return write_tags(locked, add=add, remove=remove)


def write_tags(
    response: Response, *, add: Iterable[str], remove: Iterable[str] = ()
) -> tuple[list[str], list[str]]:
    """Add and remove tags by their words, of an answer that is locked or whose follow-up is.

    A word that is new becomes a tag of the team. Returns the words added and removed. Raises
    TooManyTags or TagTooLong, writing nothing.
    """
    there = {tag.label.lower(): tag for tag in response.tags.all()}
    leaving = {word.lower() for word in remove} & there.keys()
    coming = [word for word in tidy(add) if word.lower() not in there.keys() | leaving]
    if not coming and not leaving:
        return [], []
    if len(there) - len(leaving) + len(coming) > MOST:
        raise TooManyTags
    found = find_or_make(coming)
    response.tags.remove(*[there[word] for word in leaving])
    response.tags.add(*found)
    _forget_unused([there[word].pk for word in leaving])
    return [tag.label for tag in found], sorted(there[word].label for word in leaving)


def _forget_unused(pks: list[int]) -> None:
    """Delete the tags that stand on no answer any more, unless somebody is about to use one."""
    tags = Tag.objects.filter(pk__in=pks)
    # Locked first, looked at then: `find_or_make` holds what it hands out.
    locked = [tag.pk for tag in tags.select_for_update(skip_locked=True)]
    Tag.objects.filter(pk__in=locked, responses=None).delete()


def offer_tags(response: Response) -> list[str]:
    """The words to choose from: its own, and those used most."""
    used = Tag.objects.annotate(n=Count("responses")).order_by("-n", "label")[:OFFERED]
    own = [tag.label for tag in response.tags.all()]
    return own + sorted((tag.label for tag in used if tag.label not in own), key=str.casefold)


@transaction.atomic
def find_or_make(words: list[str]) -> list[Tag]:
    """Return the tags of these words, whatever their capitals, making those that are new.

    They are held until the end of the transaction: whoever takes one off its last answer meanwhile
    leaves it there.
    """
    found: dict[str, Tag] = {}
    # By the measure of the constraint: `iexact` compares upper case, which is not always the same.
    tags = Tag.objects.alias(measure=Lower("label")).select_for_update(no_key=True)
    # In one order, so that two people never wait for each other.
    for word in sorted(words, key=str.lower):
        tag = tags.filter(measure=Lower(Value(word))).first()
        if tag is None:
            # Two people may think of one word at the same time, in other capitals.
            Tag.objects.bulk_create([Tag(label=word)], ignore_conflicts=True)
            tag = tags.get(measure=Lower(Value(word)))
        found[word] = tag
    return [found[word] for word in words]


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
