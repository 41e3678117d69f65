"""The one way an answer is written: once per ask, with every earlier version kept.

The first invitation's row is the lock: a double click, a second tab, a reminder and the first mail
all queue up behind it and end in one response.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from django.db import transaction

from responses.automatic import Sign, judge_change
from responses.models import Response, ResponseVersion
from responses.signals import response_recorded
from responses.tallies import keep_tallies
from responses.touching import Touched
from surveys.models import Invitation
from surveys.sending.unknown import settle_by_evidence

# Whether they want to hear from us: yes, no, or nothing said.
Wish: TypeAlias = bool | Literal["unchanged"] | None


class Closed(Exception):
    """The time in which this answer could be changed is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What one POST said, when, and the sign that no person sent it."""

    score: int
    comment: str
    language: str
    may_contact: Wish
    now: dt.datetime
    automatic_reason: str


def record_response(
    invitation: Invitation,
    *,
    score: int,
    comment: str,
    language: str,
    now: dt.datetime,
    automatic_reason: str = "",
    may_contact: Wish = "unchanged",
) -> Response:
    """Write the answer to an ask, or change it within the survey's change window.

    With an `automatic_reason` (responses.automatic) the answer is provisional: kept, not counted,
    and it never replaces one that counts. Raises Closed after the window, ValueError for a score
    that the survey does not have.
    """
    answer = _Answer(
        score=score,
        comment=comment,
        language=language,
        may_contact=may_contact,
        now=now,
        automatic_reason=automatic_reason,
    )
    with transaction.atomic():
        asked = _lock_ask(invitation)
        if score not in asked.campaign.survey.scores:
            raise ValueError(f"{score} is not on the scale of {asked.campaign.survey}")
        response = Response.objects.select_related("survey").filter(invitation=asked).first()
        stood = [Touched.of(response)] if response else []
        if response is None:
            response = _begin(asked)
            changed = _write(response, answer)
        else:
            changed = _rewrite(response, answer)
        mark_answered(asked, response, now)
        # Whoever can answer, scanner or person, has the mail in hand.
        settle_by_evidence(asked)
        if changed:
            announce(response)
            # Only what was not counted can have moved from another day.
            keep_tallies([Touched.of(response)], moved=stood)
    response.refresh_from_db(fields=["category"])
    return response


def record_comment(
    invitation: Invitation,
    *,
    comment: str,
    now: dt.datetime,
    automatic_reason: str = "",
    may_contact: Wish = "unchanged",
) -> Response:
    """Add words to an answer that was given; an empty `comment` leaves those that stand there.

    Raises Closed after the change window, Response.DoesNotExist when there is no answer yet.
    """
    with transaction.atomic():
        response = Response.objects.get(invitation=_lock_ask(invitation))
        return record_response(
            invitation,
            score=response.score,
            comment=comment or response.comment,
            language=response.language,
            now=now,
            automatic_reason=automatic_reason,
            may_contact=may_contact,
        )


def _lock_ask(invitation: Invitation) -> Invitation:
    """Lock the invitation that the person's answer belongs to: the first, for a reminder."""
    locked: Invitation = (
        Invitation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("campaign__survey", "contact")
        .get(pk=invitation.first_id or invitation.pk)
    )
    return locked


def _begin(asked: Invitation) -> Response:
    survey = asked.campaign.survey
    return Response(
        invitation=asked,
        survey=survey,
        contact=asked.contact,
        scale_min=survey.scale_min,
        channel=Response.Channel.MAIL,
        occasion=asked.occasion,
        # What was true of the person when they answered; later changes leave it alone.
        properties=asked.contact.properties if asked.contact else {},
        status=Response.Status.PROVISIONAL,
    )


def _rewrite(response: Response, answer: _Answer) -> bool:
    """Change an answer that stands; return whether anything changed."""
    if not response.is_changeable(answer.now):
        raise Closed
    sign = answer.automatic_reason or judge_change(
        earlier_score=response.score,
        score=answer.score,
        since_earlier=answer.now - response.last_written_at,
    )
    answer = replace(answer, automatic_reason=sign)
    if response.status == Response.Status.PROVISIONAL or not sign:
        return _write(response, answer)
    if sign == Sign.CONTRADICTION and response.status_by_id is None:
        # Which of the two the person meant cannot be told: neither counts for now.
        return _write(response, answer)
    _keep_refused(response, answer)
    return False


def _write(response: Response, answer: _Answer) -> bool:
    """Put what one POST said into the row; return whether anything changed."""
    before = response.status
    after = Response.Status.PROVISIONAL if answer.automatic_reason else Response.Status.COUNTED
    if before == Response.Status.EXCLUDED:
        after = Response.Status.EXCLUDED
    may_contact = response.may_contact if answer.may_contact == "unchanged" else answer.may_contact
    if response.pk:
        said = (answer.score, answer.comment, may_contact, after)
        if said == (response.score, response.comment, response.may_contact, before):
            return False
        _keep_version(response, answer)
    if before == Response.Status.PROVISIONAL:
        # Nothing counted before: this is when the person answered, and when the window opens.
        response.answered_at, response.changed_at = answer.now, None
    else:
        response.changed_at = answer.now
    if after != Response.Status.EXCLUDED:
        response.status, response.status_reason = after, answer.automatic_reason
    response.score, response.comment = answer.score, answer.comment
    response.language, response.may_contact = answer.language, may_contact
    response.save()
    return True


def _keep_version(response: Response, answer: _Answer) -> None:
    """Keep the answer as it stands when the new one would lose any of it."""
    if answer.score == response.score and response.comment in ("", answer.comment):
        return
    was_provisional = response.status == Response.Status.PROVISIONAL
    ResponseVersion.objects.create(
        response=response,
        score=response.score,
        comment=response.comment,
        answered_at=response.last_written_at,
        replaced_at=answer.now,
        automatic_reason=response.status_reason if was_provisional else "",
    )


def _keep_refused(response: Response, answer: _Answer) -> None:
    """Keep what looks automatic beside the answer that it must not replace."""
    ResponseVersion.objects.create(
        response=response,
        score=answer.score,
        comment=answer.comment,
        answered_at=answer.now,
        replaced_at=answer.now,
        automatic_reason=answer.automatic_reason,
    )


def mark_answered(asked: Invitation, response: Response, now: dt.datetime) -> None:
    """A reminder stops at an answer that counts; what looks automatic must not stop it."""
    if response.status != Response.Status.PROVISIONAL and asked.answered_at is None:
        asked.answered_at = now
        asked.save(update_fields=["answered_at"])


def announce(response: Response) -> None:
    """Once it is committed, tell whoever listens of an answer that counts."""
    if response.status != Response.Status.COUNTED:
        return
    pk = response.pk
    # Robust: whatever listens, the person's answer is safe and their page must come.
    transaction.on_commit(
        lambda: response_recorded.send(sender=Response, response_pk=pk), robust=True
    )
