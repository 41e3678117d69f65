"""What people wrote last."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from responses.addresses import without_addresses
from responses.models import Category, Response
from responses.selection import Selection


@dataclass(frozen=True, slots=True)
class Remark:
    """An answer to show in a list. `who` is empty when the person has no name here."""

    response_pk: int
    score: int
    category: Category
    comment: str
    who: str
    answered_at: dt.datetime
    url: str
    # Imported history has none.
    follow_up_pk: int | None = None


def latest_comments(selection: Selection, *, limit: int = 5) -> list[Remark]:
    """Return the newest counted answers that carry a comment."""
    return _remarks(selection, limit=limit, with_comment=True)


def latest_answers(selection: Selection, *, limit: int) -> list[Remark]:
    """Return the newest counted answers, with or without a comment."""
    return _remarks(selection, limit=limit, with_comment=False)


def _remarks(selection: Selection, *, limit: int, with_comment: bool) -> list[Remark]:
    responses = (
        Response.objects.counted().in_selection(selection).select_related("contact", "follow_up")
    )
    if with_comment:
        responses = responses.exclude(comment="")
    return [
        Remark(
            response_pk=response.pk,
            score=response.score,
            category=Category(response.category),
            comment=response.comment,
            # Not str(contact): that falls back to the address, which viewers may not see.
            who=without_addresses(response.contact.full_name) if response.contact else "",
            answered_at=response.answered_at,
            url=response.get_absolute_url(),
            follow_up_pk=getattr(getattr(response, "follow_up", None), "pk", None),
        )
        for response in responses.order_by("-answered_at", "-pk")[:limit]
    ]
