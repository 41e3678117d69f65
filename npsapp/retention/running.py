"""Erasing what is past its time, some at a time; a run that stops half-way goes on where it was.

Nobody is suppressed here: whoever is imported again may be asked again. Only a person who asks to
be erased is never written to any more (npsapp.erasing).
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from closeloop.receiving.filing import empty_received
from npsapp.erasing.emptying import (
    CannotEraseNow,
    empty_follow_up,
    empty_mails,
    forget_acts,
    unlink_answers,
    unlink_invitations,
)
from npsapp.erasing.erase import remove_rows
from npsapp.erasing.files import remove_mails
from npsapp.erasing.sweeping import NOT_IMPORTED
from npsapp.erasing.traces import Traces
from npsapp.retention.due import (
    find_answers,
    find_cutoff,
    find_imports,
    find_invitations,
    find_mails,
    find_people,
    find_strays,
)
from responses.models import Response
from responses.tallies import ChangedAnswers
from surveys.models import Contact, ImportBatch, Invitation, RetentionRun, get_organisation

logger = logging.getLogger(__name__)

# After a change of the setting nothing is erased for a day: a typing error can be mended.
GRACE = dt.timedelta(days=1)
BATCH = 500
PEOPLE = 50
PASS_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would touch now."""

    people: int
    answers: int
    invitations: int
    mails: int
    imports: int
    files: int

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, name) for name in self.__slots__)


@dataclass
class Pass:
    """One pass: what it did, and whether it ended before the work did."""

    counts: dict[str, int] = field(default_factory=dict)
    more: bool = False
    put_off: set[int] = field(default_factory=set)

    def add(self, name: str, count: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + count


def look_ahead(months: int, *, now: dt.datetime) -> Preview:
    """Count what a run with so many months would touch. Writes nothing."""
    cutoff = find_cutoff(months, now=now)
    people = find_people(cutoff)
    return Preview(
        people=people.count(),
        # The people's own rows go with them, and are not counted twice.
        answers=find_answers(cutoff).exclude(contact__in=people).count(),
        invitations=find_invitations(cutoff).exclude(contact__in=people).count(),
        mails=find_mails(cutoff).count() + find_strays(cutoff).count(),
        imports=find_imports(cutoff).count(),
        files=len(find_files(cutoff)),
    )


def choose_months(months: int | None, *, now: dt.datetime) -> None:
    """Set after how many months; None: nothing is erased by itself any more."""
    organisation = get_organisation()
    if organisation.retention_months == months:
        return
    type(organisation).objects.filter(pk=organisation.pk).update(
        retention_months=months, retention_set_at=now
    )


def find_months(*, now: dt.datetime) -> int | None:
    """Return the months to go by, None while nothing is to be erased."""
    organisation = get_organisation()
    set_at = organisation.retention_set_at
    if organisation.retention_months is None or organisation.is_sample:
        return None
    if set_at is not None and now - set_at < GRACE:
        return None
    return organisation.retention_months


def retain(
    *,
    now: dt.datetime,
    seconds: float = PASS_SECONDS,
    again: bool = False,
    renew: Callable[[], None] = lambda: None,
) -> Pass | None:
    """Do one pass of today's run; None when there is nothing to do today.

    May be called at any time and any number of times. A run that is done is not begun a second time
    on the same day, unless asked for `again`.
    """
    months = find_months(now=now)
    if months is None:
        return None
    today = now.astimezone(get_organisation().zone).date()
    run, _created = RetentionRun.objects.get_or_create(
        day=today, defaults={"months": months, "started_at": now}
    )
    if run.ended_at and not again:
        return None
    done = Pass()
    stop_at = time.monotonic() + seconds
    cutoff = find_cutoff(months, now=now)
    for step in (_people, _answers, _invitations, _mails, _imports):
        while step(done, cutoff, now):
            renew()
            _write_down(run, done)
            if time.monotonic() >= stop_at:
                done.more = True
                return done
    for file in find_files(cutoff):
        file.unlink(missing_ok=True)
        done.add("files", 1)
    done.add("postponed", len(done.put_off))
    _write_down(run, done)
    RetentionRun.objects.filter(pk=run.pk).update(ended_at=now, months=months)
    return done


def _write_down(run: RetentionRun, done: Pass) -> None:
    """Add to the record what was done since it was last added to."""
    if counts := {name: F(name) + count for name, count in done.counts.items() if count}:
        RetentionRun.objects.filter(pk=run.pk).update(**counts)
    done.counts.clear()


def _people(done: Pass, cutoff: dt.datetime, now: dt.datetime) -> bool:
    """Erase some people, each in a transaction of its own."""
    todo = find_people(cutoff).exclude(pk__in=done.put_off)
    pks = list(todo.values_list("pk", flat=True)[:PEOPLE])
    strings: list[str] = []
    message_ids: set[str] = set()
    for pk in pks:
        try:
            with transaction.atomic():
                # Whoever answers at this very moment waits for the lock, or we for theirs.
                list(Invitation.objects.select_for_update().filter(contact=pk).values_list("pk"))
                person = Contact.objects.select_for_update().filter(pk=pk).first()
                if person is None or not find_people(cutoff).filter(pk=pk).exists():
                    continue
                removed = remove_rows(person.email, person, user=None, now=now)
        except CannotEraseNow:
            done.put_off.add(pk)
            continue
        except Exception:
            # One row that cannot be erased must not keep all later ones from it.
            logger.exception("Could not erase contact %s, whose time is over", pk)
            done.put_off.add(pk)
            continue
        strings += removed.traces.strings
        message_ids |= removed.message_ids
        done.add("people", 1)
        done.add("answers", removed.erasure.answers)
    if message_ids or strings:
        done.add("files", remove_mails(Traces(tuple(strings)), message_ids=message_ids))
    return bool(pks)


@transaction.atomic
def _answers(done: Pass, cutoff: dt.datetime, now: dt.datetime) -> bool:
    pks = _choose(find_answers(cutoff))
    asked = Response.objects.filter(pk__in=pks, invitation__isnull=False)
    firsts = list(asked.values_list("invitation", flat=True))
    # The invitation is locked before its answer, as everywhere.
    unlink_invitations(Invitation.objects.filter(Q(pk__in=firsts) | Q(first__in=firsts)))
    for follow_up in asked.exclude(follow_up=None).values_list("follow_up", flat=True):
        empty_follow_up(follow_up, user=None, now=now)
    changed = ChangedAnswers()
    done.add("answers", unlink_answers(Response.objects.filter(pk__in=pks), changed))
    if pks:
        forget_acts()
    changed.keep_tallies()
    return bool(pks)


@transaction.atomic
def _invitations(done: Pass, cutoff: dt.datetime, now: dt.datetime) -> bool:
    pks = _choose(find_invitations(cutoff))
    unlink_invitations(Invitation.objects.filter(pk__in=pks))
    done.add("invitations", len(pks))
    return bool(pks)


@transaction.atomic
def _mails(done: Pass, cutoff: dt.datetime, now: dt.datetime) -> bool:
    mails = find_mails(cutoff).select_related("sender").select_for_update(of=("self",))[:BATCH]
    done.add("mails", len(empty_mails(mails)))
    strays = list(find_strays(cutoff).select_for_update(of=("self",))[:BATCH])
    for stray in strays:
        empty_received(stray, now=now)
    done.add("mails", len(strays))
    return bool(mails or strays)


@transaction.atomic
def _imports(done: Pass, cutoff: dt.datetime, now: dt.datetime) -> bool:
    """One file at a time: it may be large. A preview that nobody took up goes whole."""
    batch = find_imports(cutoff).select_for_update().first()
    if batch is None:
        return False
    if batch.state in NOT_IMPORTED:
        batch.delete()
    else:
        summary = batch.summary | ({"problem_file_erased": True} if batch.problem_file else {})
        ImportBatch.objects.filter(pk=batch.pk).update(
            content=None, problem_file=None, summary=summary
        )
    done.add("imports", 1)
    return True


def _choose(found: QuerySet[Invitation] | QuerySet[Response]) -> list[int]:
    return list(found.values_list("pk", flat=True)[:BATCH])


def find_files(cutoff: dt.datetime) -> list[Path]:
    """The mails that this machine wrote to files before then."""
    folder = Path(settings.OUTBOX_DIR)
    if not folder.is_dir():
        return []
    return [path for path in folder.glob("*.eml") if _is_older(path, cutoff)]


def _is_older(path: Path, cutoff: dt.datetime) -> bool:
    try:
        return path.stat().st_mtime < cutoff.timestamp()
    except FileNotFoundError:
        return False
