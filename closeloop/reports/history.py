"""What else we asked somebody, and what they said: before this answer, and since."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import cast

from django.utils.translation import gettext as _

from closeloop.models import FollowUp
from responses.models import Response
from surveys.models import Invitation

SHOWN = 8
READ = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Another answer, or an invitation that was not answered (then without a score).

    `text` is what the person wrote, `came_of_it` what we did. `who` is set for other people.
    """

    at: dt.datetime
    survey: str
    text: str
    score: int | None = None
    category: str = ""
    word: str = ""
    url: str = ""
    who: str = ""
    came_of_it: str = ""
    contacted_at: dt.datetime | None = None


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
    past = [describe_response(response) for response in others[:READ]]
    past += [describe_invitation(invitation) for invitation in silent[:READ]]
    return sorted(past, key=lambda one: one.at, reverse=True)


def describe_invitation(invitation: Invitation, *, who: str = "") -> Past:
    """One that was sent and not answered."""
    return Past(
        at=cast("dt.datetime", invitation.sent_at),
        survey=str(invitation.campaign.survey),
        text=_("Asked, no answer"),
        who=who,
    )


def describe_response(response: Response, *, who: str = "") -> Past:
    follow_up: FollowUp | None = getattr(response, "follow_up", None)
    return Past(
        at=response.answered_at,
        survey=str(response.survey),
        text=response.comment,
        score=response.score,
        category=response.category,
        word=response.get_category_display(),
        url=(follow_up or response).get_absolute_url(),
        who=who,
        came_of_it=_say_state(follow_up) if follow_up else "",
        contacted_at=follow_up.first_contacted_at if follow_up else None,
    )


def _say_state(follow_up: FollowUp) -> str:
    """What came of it, or how far it is."""
    if follow_up.is_closed:
        return str(follow_up.get_outcome_display())
    return str(follow_up.get_state_display())
