"""The one way staff decide whether answers count. What is true of one is true of many at once.

Many are locked in the order of their keys, invitations before answers, as wherever several are. The
tallies of their days are counted once, at the end: so whoever judges answers of several surveys
does it survey by survey (`by_survey`), and never waits for one while holding another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from npsapp.models import User
from responses.models import Response
from responses.recording import announce, mark_answered
from responses.tallies import keep_tallies
from responses.touching import Touched
from surveys.models import Invitation

Status = Response.Status
# Judged under the lock: whether an answer is still what somebody saw.
Still = Callable[[Response], bool]


@dataclass(frozen=True, slots=True)
class Restored:
    """An answer that counts again, and why it did not."""

    response: Response
    reason: str


def accept_response(response: Response, *, user: User, now: dt.datetime) -> Response:
    """Count an answer that looked automatic; a no-op for one that counts."""
    with transaction.atomic():
        for locked in _lock([response.pk]):
            if locked.status == Status.PROVISIONAL:
                _count(locked, user=user, now=now)
                _keep_tallies([locked])
            return locked
    raise Response.DoesNotExist


def exclude_response(response: Response, *, user: User, reason: str, now: dt.datetime) -> Response:
    """Take an answer out of the score. It stays visible, and so does its follow-up."""
    for excluded in exclude_responses({response.pk: reason}, user=user, now=now):
        return excluded
    raise Response.DoesNotExist


def restore_response(response: Response, *, user: User, now: dt.datetime) -> bool:
    """Undo an exclusion; say whether there was one."""
    return bool(restore_responses([response.pk], user=user, now=now))


def exclude_responses(
    reasons: Mapping[int, str],
    *,
    user: User,
    now: dt.datetime,
    still: Still = lambda response: True,
) -> list[Response]:
    """Take answers out of the score, each for its reason; return those that were."""
    if not all(reason.strip() for reason in reasons.values()):
        raise ValueError("An exclusion needs a reason")
    with transaction.atomic():
        meant = [response for response in _lock(reasons) if still(response)]
        for response in meant:
            reason = reasons[response.pk].strip()
            _set_status(response, Status.EXCLUDED, reason=reason, user=user, now=now)
        _keep_tallies(meant)
    return meant


def restore_responses(
    pks: Collection[int],
    *,
    user: User,
    now: dt.datetime,
    still: Still = lambda response: True,
) -> list[Restored]:
    """Undo the exclusions of answers; return those that had one."""
    with transaction.atomic():
        meant = [
            Restored(response, response.status_reason)
            for response in _lock(pks)
            if response.status == Status.EXCLUDED and still(response)
        ]
        for each in meant:
            each.response.status_reason = ""
            _count(each.response, user=user, now=now)
        _keep_tallies([each.response for each in meant])
    return meant


def by_survey(responses: Iterable[Response]) -> list[list[int]]:
    """Return their keys, those of each survey apart."""
    found: dict[int, list[int]] = {}
    for response in responses:
        found.setdefault(response.survey_id, []).append(response.pk)
    return list(found.values())


def _lock(pks: Collection[int]) -> list[Response]:
    """Lock as `record_response` does, so that staff and the person never write at once.

    What was removed meanwhile is not among them.
    """
    asked = Response.objects.filter(pk__in=list(pks), invitation__isnull=False).values("invitation")
    invitations = Invitation.objects.select_for_update(no_key=True).filter(pk__in=asked)
    list(invitations.order_by("pk").values_list("pk"))
    return list(
        Response.objects.select_for_update(of=("self",))
        .select_related("survey", "invitation")
        .filter(pk__in=list(pks))
        .order_by("pk")
    )


def _count(response: Response, *, user: User, now: dt.datetime) -> None:
    _set_status(response, Status.COUNTED, reason=response.status_reason, user=user, now=now)
    if response.invitation:
        mark_answered(response.invitation, response, response.answered_at)
    announce(response)


def _set_status(
    response: Response, status: Response.Status, *, reason: str, user: User, now: dt.datetime
) -> None:
    response.status, response.status_reason = status, reason
    response.status_by, response.status_at = user, now
    response.save(update_fields=["status", "status_reason", "status_by", "status_at"])


def _keep_tallies(judged: Iterable[Response]) -> None:
    keep_tallies(Touched.of(each) for each in judged)
