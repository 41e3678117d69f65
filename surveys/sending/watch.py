"""Who is alive: the worker says so at every tick, the beat at every message it sends."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Min, Q

from npsapp.models import User
from surveys.models import Heartbeat, Sender
from surveys.models.delivery import Invitation, Mail
from surveys.sending.ledger import State

WORKER, BEAT = "worker", "beat"
BACKUP, RESTORE = "backup", "restore"
SILENT_AFTER = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class SilentPart:
    """A part of the product that should have been heard of. `since` is None: never yet."""

    name: str
    since: dt.datetime | None


def note_alive(name: str, *, now: dt.datetime | None) -> None:
    Heartbeat.objects.update_or_create(name=name, defaults={"seen_at": now})


def last_seen(name: str) -> dt.datetime | None:
    return Heartbeat.objects.filter(name=name).values_list("seen_at", flat=True).first()


def silent_parts(now: dt.datetime) -> list[SilentPart]:
    """The parts that have been silent for ten minutes; none while the product was just set up."""
    seen: dict[str, Any] = dict(
        Heartbeat.objects.filter(name__in=[WORKER, BEAT], seen_at__isnull=False).values_list(
            "name", "seen_at"
        )
    )
    silent = [
        SilentPart(name, seen.get(name))
        for name in (WORKER, BEAT)
        if name not in seen or now - seen[name] > SILENT_AFTER
    ]
    if silent and not seen:
        set_up_at = User.objects.aggregate(first=Min("created_at"))["first"]
        if set_up_at is None or now - set_up_at <= SILENT_AFTER:
            return []
    return silent


def senders_to_mention(now: dt.datetime) -> list[Sender]:
    """Those that are held, and those whose mail comes back or is marked as spam too often."""
    found = Sender.objects.filter(Q(held_until__gt=now) | ~Q(warning=""))
    return list(found.order_by(F("held_until").asc(nulls_first=True), "pk"))


def count_unknown() -> int:
    """Mails that somebody should look at."""
    invitations = Invitation.objects.filter(state=State.UNKNOWN).order_by().values("pk")
    mails = Mail.objects.filter(state=State.UNKNOWN).order_by().values("pk")
    return invitations.union(mails, all=True).count()
