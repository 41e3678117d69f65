"""Every counted answer that we collected gets one follow-up, and its follow-up hears of changes."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction

from closeloop.assigning import Because, Choice, choose_owner, choose_tester
from closeloop.causes import ensure_root_causes
from closeloop.changing import find_target, lock, record
from closeloop.closing import await_contact, restart
from closeloop.linking import find_previous, link_later
from closeloop.models import Activity, FollowUp
from closeloop.notifying import tell_owner
from responses.models import Response
from responses.scoring import categorise
from surveys.first_steps import note_test_answer
from surveys.models import get_organisation

logger = logging.getLogger(__name__)


def open_follow_up(response_pk: int, *, now: dt.datetime, announce: bool = True) -> FollowUp | None:
    """Open the follow-up of an answer, or tell the one there is that the answer changed.

    May be called any number of times, by any number of workers at once. Returns None for an answer
    that gets none: imported, not counted, or gone. `announce=False` mails nobody (for history).
    A test answer gets one too, which is marked as a test and belongs to who tried it out.
    """
    with transaction.atomic():
        # The lock makes two callers wait for each other; the constraint would only make one fail.
        asked = (
            Response.everything.select_for_update(of=("self",))
            .select_related("tester", "contact__account")
            .filter(pk=response_pk)
            .first()
        )
        if asked is None:
            return None
        pk = FollowUp.everything.filter(response=asked).values_list("pk", flat=True).first()
        if pk is not None:
            follow_up = lock(pk)
            _tell_change(follow_up, now=now, announce=announce)
            return follow_up
        if asked.status == Response.Status.TEST:
            note_test_answer(now=now)
            return _open(asked, now=now, announce=False)
        if not Response.objects.counted().collected().filter(pk=response_pk).exists():
            return None
        return _open(asked, now=now, announce=announce)


def _open(response: Response, *, now: dt.datetime, announce: bool) -> FollowUp:
    organisation = get_organisation()
    ensure_root_causes(language=organisation.default_language)
    moments = [response.answered_at, response.changed_at, response.status_at]
    # The person waits since the answer; one that had to be accepted first, since then.
    waiting_since = max(moment for moment in moments if moment)
    due_at = find_target(response.category, since=waiting_since, organisation=organisation)
    choice = _choose(response, due_at=due_at, now=now)
    if choice.owner:
        due_at = find_target(
            response.category, since=waiting_since, owner=choice.owner, organisation=organisation
        )
    follow_up = FollowUp.objects.create(
        response=response,
        owner=choice.owner,
        opened_at=now,
        due_at=due_at,
        wants_contact=bool(response.may_contact),
        known_score=response.score,
        answer_seen_at=waiting_since,
        previous=find_previous(response),
        is_test=response.tester is not None,
    )
    link_later(follow_up)
    _write_opening(follow_up, choice, now=now)
    if announce:
        tell_owner(follow_up, now=now)
    return follow_up


def _choose(response: Response, *, due_at: dt.datetime, now: dt.datetime) -> Choice:
    if response.tester:
        return Choice(choose_tester(response), Because.TESTER)
    return choose_owner(response, due_at=due_at, now=now)


def _write_opening(follow_up: FollowUp, choice: Choice, *, now: dt.datetime) -> None:
    """Freeze who was given the answer, and why: a later owner does not change what this says."""
    previous = follow_up.previous
    Activity.objects.create(
        follow_up=follow_up,
        kind=Activity.Kind.OPENED,
        at=now,
        version=follow_up.version,
        details={
            "score": follow_up.known_score,
            "to": choice.owner and choice.owner.pk,
            "to_name": str(choice.owner or ""),
            "because": choice.because.value,
            "previous": previous and previous.pk,
        },
    )


def _tell_change(follow_up: FollowUp, *, now: dt.datetime, announce: bool) -> None:
    """Bring a locked follow-up up to date with an answer that was changed after all it knows."""
    response = follow_up.response
    changed_at = response.changed_at
    if changed_at is None or changed_at <= follow_up.answer_seen_at:
        return
    before = follow_up.known_score
    follow_up.known_score = response.score
    follow_up.answer_seen_at = changed_at
    follow_up.wants_contact = bool(response.may_contact)
    was_closed = follow_up.is_closed
    if was_closed:
        restart(follow_up, since=changed_at)
    # Whoever turned from a promoter into a detractor, or adds to an answer that we had responded
    # to, waits for us from then on.
    elif categorise(before) != response.category or not follow_up.awaiting_contact:
        await_contact(follow_up, since=changed_at)
    details = {"from": before, "to": response.score}
    record(follow_up, Activity.Kind.ANSWER_CHANGED, now=now, details=details)
    if was_closed:
        record(follow_up, Activity.Kind.REOPENED, now=now, details={"because": "answer_changed"})
    if announce:
        tell_owner(follow_up, now=now)


def sweep(*, now: dt.datetime) -> int:
    """Open every follow-up that is missing and tell every change that is untold; return how many.

    The net under the messages between the apps: with the broker down or its queue lost, this alone
    keeps the promise of one follow-up per answer.
    """
    missing = Response.objects.counted().collected().filter(follow_up__isnull=True)
    tests = Response.everything.tests().filter(follow_up__isnull=True)
    untold = FollowUp.everything.with_unseen_change()
    todo = [
        *tests.values_list("pk", flat=True),
        *missing.order_by("answered_at", "pk").values_list("pk", flat=True),
        *untold.order_by("pk").values_list("response_id", flat=True),
    ]
    done = 0
    for response_pk in todo:
        try:
            done += open_follow_up(response_pk, now=now) is not None
        except Exception:
            # One row that cannot be opened must not keep all later ones from being found.
            logger.exception("Could not open the follow-up of response %s", response_pk)
    return done
