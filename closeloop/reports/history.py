"""What else we asked somebody, and what they said: before this answer, and since."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from closeloop.models import FollowUp
from responses.models import Response
from surveys.models import Invitation

SHOWN = 8
READ = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Another answer, or an invitation that was not answered (then without a score)."""

    at: dt.datetime
    survey: str
    text: str
    score: int | None = None
    category: str = ""
    word: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """Newest first, and the nearest to this answer at the most."""

    before: list[Past]
    since: list[Past]


def list_history(follow_up: FollowUp) -> History:
    """Return the person's other answers and unanswered invitations (two queries)."""
    others, this = _list_others(follow_up), follow_up.response.answered_at
    before = [one for one in others if one.at <= this]
    since = [one for one in others if one.at > this]
    return History(before[:SHOWN], since[-SHOWN:])


def _list_others(follow_up: FollowUp) -> list[Past]:
    contact = follow_up.response.contact
    if contact is None:
        return []
    others = (
        contact.responses.exclude(pk=follow_up.response_id)
        .select_related("survey", "follow_up")
        .order_by("-answered_at", "-pk")
    )
    silent = (
        Invitation.objects.handed_over()
        .filter(contact=contact, sequence=0, response__isnull=True, sent_at__isnull=False)
        .select_related("campaign__survey")
        .order_by("-sent_at", "-pk")
    )
    past = [_describe(response) for response in others[:READ]]
    for invitation in silent[:READ]:
        survey = str(invitation.campaign.survey)
        past.append(Past(at=invitation.sent_at, survey=survey, text=_("Asked, no answer")))
    return sorted(past, key=lambda one: one.at, reverse=True)


def _describe(response: Response) -> Past:
    follow_up: FollowUp | None = getattr(response, "follow_up", None)
    return Past(
        at=response.answered_at,
        survey=str(response.survey),
        text=response.comment,
        score=response.score,
        category=response.category,
        word=response.get_category_display(),
        url=(follow_up or response).get_absolute_url(),
    )
