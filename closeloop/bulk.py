"""One act on many follow-ups, row by row, and taking it back.

Each row goes the way of a single one: locked, from the version that was seen, with its line in the
timeline. A row that changed meanwhile is left alone and named; the others are done all the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from closeloop import assigning, closing, snoozing, tagging
from closeloop.changing import AlreadyDone, StaleVersion, WrongState
from closeloop.models import Activity, BulkAct, FollowUp
from closeloop.models.followup import FollowUpQuerySet
from closeloop.reports.news import with_change_after
from npsapp.models import User
from responses.tagging import TooManyTags

MOST = 500
Kind = BulkAct.Kind
Act = Callable[[FollowUp, int], FollowUp]


@dataclass(slots=True)
class Chosen:
    """Follow-ups with the versions that somebody saw, and how many there were in all."""

    rows: list[tuple[FollowUp, int]] = field(default_factory=list)
    changed: list[FollowUp] = field(default_factory=list)
    matching: int = 0


@dataclass(slots=True)
class Outcome:
    """What became of the rows. `act` is what can be taken back; None when nothing was done."""

    done: list[FollowUp] = field(default_factory=list)
    changed: list[FollowUp] = field(default_factory=list)
    full: list[FollowUp] = field(default_factory=list)
    unchanged: int = 0
    act: BulkAct | None = None


def pick(picked: Iterable[tuple[int, int]]) -> Chosen:
    """Choose rows by their keys, each with the version it was seen in."""
    versions = dict(list(picked)[:MOST])
    found = _with_people(FollowUp.objects.filter(pk__in=versions))
    rows = [(follow_up, versions[follow_up.pk]) for follow_up in found]
    return Chosen(rows=rows, matching=len(rows))


def pick_all(follow_ups: FollowUpQuerySet, *, seen: int) -> Chosen:
    """Choose all of a filter, up to MOST, as they were when its page was drawn.

    What anything happened to after `seen`, or what arrived only then, was not meant.
    """
    matching = follow_ups.count()
    found = list(_with_people(follow_ups[:MOST]))
    changed = with_change_after(found, seen)
    return Chosen(
        rows=[(each, each.version) for each in found if each.pk not in changed],
        changed=[each for each in found if each.pk in changed],
        matching=matching,
    )


def _with_people(follow_ups: FollowUpQuerySet) -> FollowUpQuerySet:
    return follow_ups.select_related("response__contact")


def has_detractor(chosen: Chosen) -> bool:
    return any(closing.needs_root_cause(follow_up) for follow_up, _version in chosen.rows)


def assign(chosen: Chosen, *, to: User | None, user: User, now: dt.datetime) -> Outcome:
    def act(follow_up: FollowUp, version: int) -> FollowUp:
        return assigning.assign(follow_up, to=to, user=user, version=version, now=now)

    return _do(chosen, act, kind=Kind.ASSIGN, user=user, now=now)


def tag(
    chosen: Chosen, *, add: Sequence[str], remove: Sequence[str], user: User, now: dt.datetime
) -> Outcome:
    def act(follow_up: FollowUp, version: int) -> FollowUp:
        return tagging.set_tags(
            follow_up, add=add, remove=remove, user=user, version=version, now=now
        )

    return _do(chosen, act, kind=Kind.TAG, user=user, now=now)


def snooze(chosen: Chosen, *, until: dt.datetime, user: User, now: dt.datetime) -> Outcome:
    def act(follow_up: FollowUp, version: int) -> FollowUp:
        return snoozing.snooze(follow_up, until=until, user=user, version=version, now=now)

    return _do(chosen, act, kind=Kind.SNOOZE, user=user, now=now)


def close(chosen: Chosen, what: closing.Closing, *, user: User, now: dt.datetime) -> Outcome:
    def act(follow_up: FollowUp, version: int) -> FollowUp:
        return closing.close(follow_up, what, user=user, version=version, now=now)

    return _do(chosen, act, kind=Kind.CLOSE, user=user, now=now)


def _do(chosen: Chosen, act: Act, *, kind: Kind, user: User, now: dt.datetime) -> Outcome:
    outcome = Outcome(changed=list(chosen.changed))
    noted: list[dict[str, Any]] = []
    for follow_up, version in chosen.rows:
        after = _try(follow_up, version, act, outcome)
        if after:
            asleep = follow_up.snoozed_until
            noted.append(
                {
                    "pk": after.pk,
                    "version": after.version,
                    # Until when it slept before: the version says that it still was as it was read.
                    "asleep": asleep.isoformat() if asleep else "",
                }
            )
    if noted:
        outcome.act = BulkAct.objects.create(user=user, kind=kind, at=now, done=noted)
    return outcome


def _try(follow_up: FollowUp, version: int, act: Act, outcome: Outcome) -> FollowUp | None:
    """Do it to one row and note in `outcome` what became of it; return the row if it changed."""
    try:
        after = act(follow_up, version)
    except AlreadyDone:
        outcome.unchanged += 1
    except (StaleVersion, WrongState, FollowUp.DoesNotExist):
        outcome.changed.append(follow_up)
    except TooManyTags:
        outcome.full.append(follow_up)
    else:
        if after.version != version:
            outcome.done.append(after)
            return after
        outcome.unchanged += 1
    return None


def undo(act: BulkAct, *, user: User, now: dt.datetime) -> Outcome:
    """Take an act back from those rows that nothing happened to since. Works once."""
    outcome = Outcome()
    noted = {each["pk"]: each for each in act.done}
    lines = Activity.objects.filter(follow_up__in=noted, actor=user)
    details = {(line.follow_up_id, line.version): line.details for line in lines}
    for follow_up in _with_people(FollowUp.objects.filter(pk__in=noted)):
        note = noted[follow_up.pk]
        back = _way_back(Kind(act.kind), note, details, user=user, now=now)
        after = _try(follow_up, note["version"], back, outcome)
        if after and act.kind == Kind.CLOSE:
            _sleep_on(after, note, user=user, now=now)
    act.delete()
    return outcome


def _way_back(
    kind: Kind,
    note: dict[str, Any],
    details: dict[tuple[int, int], dict[str, Any]],
    *,
    user: User,
    now: dt.datetime,
) -> Act:
    """What takes the act back from one row."""
    line = details.get((note["pk"], note["version"]), {})
    match kind:
        case Kind.ASSIGN:
            return lambda row, seen: assigning.undo_assign(row, user=user, version=seen, now=now)
        case Kind.TAG:
            add, remove = line.get("removed", []), line.get("added", [])
            return lambda row, seen: tagging.set_tags(
                row, add=add, remove=remove, user=user, version=seen, now=now
            )
        case Kind.SNOOZE:
            if until := _slept_until(note, now=now):
                return lambda row, seen: snoozing.snooze(
                    row, until=until, user=user, version=seen, now=now
                )
            return lambda row, seen: snoozing.unsnooze(row, user=user, version=seen, now=now)
    return lambda row, seen: closing.undo_close(row, user=user, version=seen, now=now)


def _sleep_on(follow_up: FollowUp, note: dict[str, Any], *, user: User, now: dt.datetime) -> None:
    """Closing wakes what was asleep: opened again, it sleeps on."""
    if until := _slept_until(note, now=now):
        snoozing.snooze(follow_up, until=until, user=user, version=follow_up.version, now=now)


def _slept_until(note: dict[str, Any], *, now: dt.datetime) -> dt.datetime | None:
    until = dt.datetime.fromisoformat(note["asleep"]) if note["asleep"] else None
    return until if until and until > now else None
