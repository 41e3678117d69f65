"""How an improvement is written down, changed, moved on and told of; nothing of it unrecorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from closeloop.changing import StaleVersion
from closeloop.models import FollowUp, Improvement, ImprovementEvent, ImprovementVoice
from closeloop.notices import in_words_of, send_notice, wants
from npsapp.models import User
from npsapp.roles import Role
from surveys.models import get_organisation

FIELDS = (
    "title", "description", "news", "owner", "due_on", "survey", "segment_key", "segment_value",
    "category",
)  # fmt: skip
Kind = ImprovementEvent.Kind


def may_change(user: User, improvement: Improvement) -> bool:
    """Agents and managers may change all of them, whoever only reads what is theirs."""
    return user.may(Role.AGENT) or improvement.owner_id == user.pk


def write_down(
    improvement: Improvement, *, follow_ups: Iterable[int] = (), user: User, now: dt.datetime
) -> Improvement:
    """Save a new one, with those who asked for it; of a form sent twice return the first."""
    with transaction.atomic():
        improvement.created_at = now
        try:
            with transaction.atomic():
                improvement.save()
        except IntegrityError:
            first = Improvement.objects.filter(once=improvement.once).first()
            if improvement.once is None or first is None:
                raise
            return first
        event = _record(improvement, Kind.CREATED, user=user, now=now)
        _add(improvement, follow_ups, user=user, now=now)
        _tell_owner(improvement, event, now=now)
    return improvement


def change(
    improvement: Improvement,
    *,
    values: dict[str, Any],
    version: int,
    user: User,
    now: dt.datetime,
) -> Improvement:
    """Write what was edited; raises StaleVersion when somebody else did so meanwhile."""
    with _locked(improvement, version=version) as fresh:
        before = {name: getattr(fresh, name) for name in FIELDS}
        changed = [name for name in FIELDS if name in values and values[name] != before[name]]
        if not changed:
            return fresh
        for name in changed:
            setattr(fresh, name, values[name])
        fresh.version += 1
        fresh.save(update_fields=[*changed, "version"])
        details: dict[str, Any] = {"fields": changed}
        if "owner" in changed:
            details |= {"from_name": str(before["owner"] or ""), "to_name": str(fresh.owner or "")}
        event = _record(fresh, Kind.CHANGED, user=user, now=now, details=details)
        if "owner" in changed:
            _tell_owner(fresh, event, now=now)
    return fresh


def move(
    improvement: Improvement, *, state: str, version: int, user: User, now: dt.datetime
) -> Improvement:
    """Give it another state. The day on which it is done divides its score in before and after."""
    with _locked(improvement, version=version) as fresh:
        if fresh.state == state:
            return fresh
        details = {"from": fresh.state, "to": state}
        fresh.state = state
        is_done = state == Improvement.State.DONE
        fresh.done_on = now.astimezone(get_organisation().zone).date() if is_done else None
        fresh.version += 1
        fresh.save(update_fields=["state", "done_on", "version"])
        _record(fresh, Kind.MOVED, user=user, now=now, details=details)
    return fresh


def add_note(improvement: Improvement, *, text: str, user: User, now: dt.datetime) -> None:
    _record(improvement, Kind.NOTE, user=user, now=now, text=text)


def add_voices(
    improvement: Improvement, follow_ups: Iterable[int], *, user: User, now: dt.datetime
) -> int:
    """Put customers behind it, by their follow-ups; return how many were not there yet."""
    with transaction.atomic():
        fresh = Improvement.objects.select_for_update().get(pk=improvement.pk)
        return _add(fresh, follow_ups, user=user, now=now)


def _add(
    improvement: Improvement, follow_ups: Iterable[int], *, user: User, now: dt.datetime
) -> int:
    # Test answers are no customers: `objects` does not know them.
    known = FollowUp.objects.filter(pk__in=follow_ups).exclude(voices__improvement=improvement)
    told = _recall_told(improvement)
    voices = [
        ImprovementVoice(improvement=improvement, follow_up_id=pk, added_at=now, **told.get(pk, {}))
        for pk in known.order_by("pk").values_list("pk", flat=True)
    ]
    ImprovementVoice.objects.bulk_create(voices)
    if voices:
        pks = [voice.follow_up_id for voice in voices]
        _record(improvement, Kind.ADDED, user=user, now=now, details={"follow_ups": pks})
    return len(voices)


def remove_voice(voice: ImprovementVoice, *, user: User, now: dt.datetime) -> None:
    with transaction.atomic():
        fresh = ImprovementVoice.objects.select_for_update().filter(pk=voice.pk).first()
        if fresh is None:
            return
        details: dict[str, Any] = {"follow_ups": [fresh.follow_up_id]}
        if fresh.told_at:
            details |= {"told_at": fresh.told_at.isoformat(), "told_by": fresh.told_by_id}
        fresh.delete()
        _record(voice.improvement, Kind.REMOVED, user=user, now=now, details=details)


def _recall_told(improvement: Improvement) -> dict[int, dict[str, Any]]:
    """Of customers who were taken off: when they were told, and by whom. Put back, they still
    were."""
    told: dict[int, dict[str, Any]] = {}
    for event in improvement.events.filter(kind=Kind.REMOVED).order_by("at", "pk"):
        at = event.details.get("told_at")
        by = User.objects.filter(pk=event.details.get("told_by") or 0).first() if at else None
        fields = {"told_at": dt.datetime.fromisoformat(at), "told_by": by} if at else {}
        told |= dict.fromkeys(event.details["follow_ups"], fields)
    return told


def mark_told(voice: ImprovementVoice, *, told: bool, user: User, now: dt.datetime) -> None:
    """Note that a customer heard what came of it, or that they did not after all.

    Raises ImprovementVoice.DoesNotExist when somebody took them off meanwhile.
    """
    with transaction.atomic():
        fresh = ImprovementVoice.objects.select_for_update().get(pk=voice.pk)
        if (fresh.told_at is not None) == told:
            return
        fresh.told_at, fresh.told_by = (now, user) if told else (None, None)
        fresh.save(update_fields=["told_at", "told_by"])
        kind = Kind.TOLD if told else Kind.NOT_TOLD
        details = {"follow_ups": [fresh.follow_up_id]}
        _record(voice.improvement, kind, user=user, now=now, details=details)


@contextmanager
def _locked(improvement: Improvement, *, version: int) -> Iterator[Improvement]:
    with transaction.atomic():
        fresh = (
            Improvement.objects.select_for_update(of=("self",))
            .select_related("owner", "survey")
            .get(pk=improvement.pk)
        )
        if fresh.version != version:
            raise StaleVersion
        yield fresh


def _record(
    improvement: Improvement,
    kind: Kind,
    *,
    user: User,
    now: dt.datetime,
    text: str = "",
    details: dict[str, Any] | None = None,
) -> ImprovementEvent:
    return ImprovementEvent.objects.create(
        improvement=improvement, kind=kind, actor=user, at=now, text=text, details=details or {}
    )


def _tell_owner(improvement: Improvement, event: ImprovementEvent, *, now: dt.datetime) -> None:
    """Mail whoever was given it by somebody else."""
    owner = improvement.owner
    if owner is None or owner == event.actor or not wants(owner, "assigned"):
        return
    with in_words_of(owner):
        send_notice(
            owner,
            kind="assigned",
            key=f"improvement:{event.pk}:{owner.pk}",
            subject=_("Given to you: %(first)s") % {"first": improvement.title},
            template="improvement",
            context={
                "improvement": improvement,
                "who": str(event.actor),
                "due": date_format(improvement.due_on, "l j F") if improvement.due_on else "",
                "url": settings.BASE_URL + improvement.get_absolute_url(),
            },
            now=now,
        )
