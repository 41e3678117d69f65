"""Finding follow-ups by words of the comment, the person and the account."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, QuerySet

from closeloop.models.followup import FollowUpQuerySet
from responses.models import Response
from responses.searching import comment_words
from surveys.models import Contact
from surveys.searching import list_words, starting_with, words_of


def narrow_to_words(follow_ups: FollowUpQuerySet, text: str) -> FollowUpQuerySet:
    """Keep those in which every word occurs, in full or as a beginning.

    Each word is looked up in the indexes of answers and people first, and once: how many follow-ups
    there are makes no difference to that.
    """
    if not text:
        return follow_ups
    words = list_words(text)
    if not words:
        return follow_ups.none()
    for word in words:
        follow_ups = follow_ups.filter(_is_one_of("response_id", _answers_with(word)))
    return follow_ups


def _is_one_of(field: str, rows: QuerySet[Any, Any]) -> Func:
    """Ask as IN would, of an array that is made before any row is looked at.

    IN lets the planner look the words up again for every follow-up; on tables without statistics,
    as after a large import, it did, and ten thousand rows took half an hour.
    """
    return Func(
        F(field),
        ArraySubquery(rows),
        template="%(expressions)s)",
        arg_joiner=" = ANY (",
        output_field=BooleanField(),
    )


def _answers_with(word: str) -> QuerySet[Any, Any]:
    query = starting_with(word)
    said = Response.objects.alias(found=comment_words()).filter(found=query)
    named = Contact.objects.alias(found=words_of("first_name", "last_name", "email")).filter(
        found=query
    )
    # There are far fewer accounts than people, so that any part of their name will do.
    at_account = Contact.objects.filter(account__name__icontains=word)
    people = named.order_by().values("pk").union(at_account.order_by().values("pk"), all=True)
    theirs = Response.objects.filter(contact__in=people)
    return said.order_by().values("pk").union(theirs.order_by().values("pk"), all=True)
