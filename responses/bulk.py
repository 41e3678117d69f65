"""One act on many answers, row by row, and taking it back.

Each row goes the way of a single one, and is judged under its lock: one that changed meanwhile or
is gone is left alone, the others are done all the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from npsapp.models import User
from responses.judging import by_survey, exclude_responses, restore_responses
from responses.models import AnswersAct, Response
from responses.models.response import ResponseQuerySet
from responses.tagging import TooManyTags

MOST = 500
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
    noted = []
    for pks in by_survey(chosen.rows):
        done = exclude_responses(dict.fromkeys(pks, reason), user=user, now=now, still=_counts)
        noted += [{"pk": response.pk} for response in done]
    outcome = Outcome(unchanged=len(chosen.rows) - len(noted))
    return _note(outcome, noted, kind=Kind.EXCLUDE, user=user, now=now)


def _counts(response: Response) -> bool:
    return response.status == Status.COUNTED


def restore(chosen: Chosen, *, user: User, now: dt.datetime) -> Outcome:
    noted = []
    for pks in by_survey(chosen.rows):
        for each in restore_responses(pks, user=user, now=now):
            response = each.response
            # Whose it was: the reason may speak of them, and must not come back without them.
            noted.append({"pk": response.pk, "reason": each.reason, "contact": response.contact_id})
    outcome = Outcome(unchanged=len(chosen.rows) - len(noted))
    return _note(outcome, noted, kind=Kind.RESTORE, user=user, now=now)


def _note(
    outcome: Outcome, noted: list[dict[str, Any]], *, kind: Kind, user: User, now: dt.datetime
) -> Outcome:
    outcome.done = len(noted)
    if noted:
        outcome.act = AnswersAct.objects.create(user=user, kind=kind, at=now, done=noted)
    return outcome


def undo(act: AnswersAct, *, write: Write, user: User, now: dt.datetime) -> Outcome:
    """Take an act back from those that nobody judged since. Works once."""
    noted = {each["pk"]: each for each in act.done}
    rows = list(Response.objects.filter(pk__in=noted))
    if act.kind == Kind.TAG:
        done = sum(_take_tags_back(row, noted[row.pk], write) for row in rows)
    else:
        done = _judge_back(act, rows, noted, user=user, now=now)
    act.delete()
    return Outcome(done=done, unchanged=len(noted) - done)


def _take_tags_back(response: Response, note: dict[str, Any], write: Write) -> bool:
    try:
        return any(write(response, note["removed"], note["added"]))
    except (TooManyTags, Response.DoesNotExist):
        return False


def _judge_back(
    act: AnswersAct,
    rows: list[Response],
    noted: dict[int, dict[str, Any]],
    *,
    user: User,
    now: dt.datetime,
) -> int:
    """Judge as it was before, survey by survey; return how many."""

    def is_as_left(response: Response) -> bool:
        return (response.status_at, response.status_by_id) == (act.at, act.user_id)

    def is_theirs_still(response: Response) -> bool:
        is_whose = response.contact_id == noted[response.pk].get("contact")
        return _counts(response) and is_as_left(response) and is_whose

    done = 0
    for pks in by_survey(rows):
        if act.kind == Kind.EXCLUDE:
            done += len(restore_responses(pks, user=user, now=now, still=is_as_left))
        else:
            reasons = {pk: noted[pk]["reason"] for pk in pks}
            done += len(exclude_responses(reasons, user=user, now=now, still=is_theirs_still))
    return done
