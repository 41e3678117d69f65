"""One act on many answers, row by row, and taking it back.

Each row goes the way of a single one, locked and in a transaction of its own: a row that changed
meanwhile is left alone, the others are done all the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from npsapp.models import User
from responses.models import AnswersAct, Response
from responses.models.response import ResponseQuerySet
from responses.recording import exclude_response, restore_response
from responses.tagging import TooManyTags

MOST = 500
KEPT = dt.timedelta(days=1)
Kind: TypeAlias = AnswersAct.Kind
Status: TypeAlias = Response.Status
Words = Sequence[str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Answers that something is to be done to, and how many there were in all."""

    rows: list[Response] = field(default_factory=list)
    matching: int = 0


@dataclass(slots=True)
class Outcome:
    """What became of them. `act` can be taken back; None when nothing was done."""

    done: int = 0
    unchanged: int = 0
    full: int = 0
    act: AnswersAct | None = None


# Adds and removes tags of an answer (with its follow-up, if the caller knows of such), and returns
# the words added and removed.
Write = Callable[[Response, Words, Words], tuple[list[str], list[str]]]


def pick(pks: Iterable[int]) -> Chosen:
    rows = list(Response.objects.filter(pk__in=list(pks)[:MOST]))
    return Chosen(rows, len(rows))


def pick_all(rows: ResponseQuerySet, *, seen: int) -> Chosen:
    """Choose all of a filter, up to MOST, but none that came in after `seen`, the newest then."""
    meant = rows.filter(pk__lte=seen)
    return Chosen(list(meant[:MOST]), meant.count())


def tag(
    chosen: Chosen, *, add: Words, remove: Words, write: Write, user: User, now: dt.datetime
) -> Outcome:
    outcome, noted = Outcome(), []
    for response in chosen.rows:
        try:
            added, removed = write(response, add, remove)
        except TooManyTags:
            outcome.full += 1
        except Response.DoesNotExist:
            outcome.unchanged += 1
        else:
            if added or removed:
                noted.append({"pk": response.pk, "added": added, "removed": removed})
            else:
                outcome.unchanged += 1
    return _note(outcome, noted, kind=Kind.TAG, user=user, now=now)


def exclude(chosen: Chosen, *, reason: str, user: User, now: dt.datetime) -> Outcome:
    """Take those that count out of the score; what does not count anyway stays as it is."""
    outcome, noted = Outcome(), []
    for response in chosen.rows:
        if response.status == Status.COUNTED:
            exclude_response(response, user=user, reason=reason, now=now)
            noted.append({"pk": response.pk})
        else:
            outcome.unchanged += 1
    return _note(outcome, noted, kind=Kind.EXCLUDE, user=user, now=now)


def restore(chosen: Chosen, *, user: User, now: dt.datetime) -> Outcome:
    outcome, noted = Outcome(), []
    for response in chosen.rows:
        if response.status == Status.EXCLUDED:
            restore_response(response, user=user, now=now)
            noted.append({"pk": response.pk, "reason": response.status_reason})
        else:
            outcome.unchanged += 1
    return _note(outcome, noted, kind=Kind.RESTORE, user=user, now=now)


def _note(
    outcome: Outcome, noted: list[dict[str, Any]], *, kind: Kind, user: User, now: dt.datetime
) -> Outcome:
    outcome.done = len(noted)
    if noted:
        AnswersAct.objects.filter(user=user, at__lt=now - KEPT).delete()
        outcome.act = AnswersAct.objects.create(user=user, kind=kind, at=now, done=noted)
    return outcome


def undo(act: AnswersAct, *, write: Write, user: User, now: dt.datetime) -> Outcome:
    """Take an act back from those that nobody judged since. Works once."""
    noted = {each["pk"]: each for each in act.done}
    outcome = Outcome()
    for response in Response.objects.filter(pk__in=noted):
        if _take_back(response, noted[response.pk], act, write=write, user=user, now=now):
            outcome.done += 1
        else:
            outcome.unchanged += 1
    act.delete()
    return outcome


def _take_back(
    response: Response,
    note: dict[str, Any],
    act: AnswersAct,
    *,
    write: Write,
    user: User,
    now: dt.datetime,
) -> bool:
    if act.kind == Kind.TAG:
        try:
            return any(write(response, note["removed"], note["added"]))
        except TooManyTags:
            return False
    if response.status_at != act.at or response.status_by_id != act.user_id:
        return False
    if act.kind == Kind.EXCLUDE and response.status == Status.EXCLUDED:
        restore_response(response, user=user, now=now)
        return True
    if act.kind == Kind.RESTORE and response.status == Status.COUNTED:
        exclude_response(response, user=user, reason=note["reason"], now=now)
        return True
    return False
