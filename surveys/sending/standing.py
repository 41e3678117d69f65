"""How a sender stands: how fast it goes and why, and what of its mail left or did not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Sum

from surveys.models import Sender, get_organisation
from surveys.sending.hold import PROBE, Circuit, Trouble, circuit_of, trouble_of
from surveys.sending.ledger import INVITATIONS, MAILS, Reason, State
from surveys.sending.pace import COUNTED, floor_of
from surveys.sending.warm_up import cap_of_day, sending_day_index, warm_up_cap

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TODAY, LAST_HOUR, DEFERRED, REFUSED = "today", "hour", "deferred", "refused"
KINDS = (TODAY, LAST_HOUR, DEFERRED, REFUSED)
LIMITS = {"daily_limit", "warm_up_start", "warm_up_end", "warm_up_days"}
RATE = {"rate_limit", "rate_unit"}


@dataclass(frozen=True)
class Standing:
    """Rates are mails a minute; None: no limit."""

    circuit: Circuit
    trouble: Trouble
    rate: float | None
    ceiling: float | None
    floor: float | None
    warm_up_day: int | None  # the first is 1
    cap_today: int | None
    counts: dict[str, int]
    answers: list[tuple[int, dict[str, int]]]  # of the last so many hours
    probe: int = PROBE


def describe_standing(sender: Sender, *, now: dt.datetime) -> Standing:
    today = now.astimezone(get_organisation().zone).date()
    index = sending_day_index(sender, today)
    top = sender.ceiling or sender.slowed_from
    rate = top if sender.rate is None else min(sender.rate, top or sender.rate)
    return Standing(
        circuit=circuit_of(sender, now=now),
        trouble=trouble_of(sender),
        rate=_per_minute(rate),
        ceiling=_per_minute(top),
        floor=_per_minute(None if top is None else floor_of(top)),
        warm_up_day=None if warm_up_cap(sender, index) is None else index + 1,
        cap_today=cap_of_day(sender, index),
        counts={kind: find_mail(sender, kind, now=now).count() for kind in KINDS},
        answers=[(hours, _sum_answers(sender, now - hours * HOUR)) for hours in (1, 24, 168)],
    )


def _per_minute(rate: float | None) -> float | None:
    return None if rate is None else rate * 60


def _sum_answers(sender: Sender, since: dt.datetime) -> dict[str, int]:
    minutes = sender.minutes.filter(minute__gt=since)
    return minutes.aggregate(**{name: Sum(name, default=0) for name in COUNTED})


def find_mail(sender: Sender, kind: str, *, now: dt.datetime) -> QuerySet[Any]:
    """The rows behind a number, the newest first."""
    if sender.lane == Sender.Lane.BULK:
        rows = INVITATIONS.rows.filter(campaign__sender=sender)
        rows = rows.select_related("campaign", "contact")
    else:
        rows = MAILS.rows.filter(sender=sender)
    match kind:
        case "today":
            rows = rows.filter(state=State.SENT, sent_at__gte=_midnight(now))
        case "hour":
            rows = rows.filter(state=State.SENT, sent_at__gt=now - HOUR)
        case "deferred":
            rows = rows.filter(state=State.SCHEDULED, retries__gt=0)
        case _:
            rows = rows.filter(state=State.FAILED, reason=Reason.REFUSED)
    return rows.order_by("-sent_at", "-pk")


def _midnight(now: dt.datetime) -> dt.datetime:
    zone = get_organisation().zone
    return dt.datetime.combine(now.astimezone(zone).date(), dt.time.min, zone)


def apply_limits(sender: Sender, changed: set[str], *, now: dt.datetime) -> None:
    """Begin to count by limits that were just changed: what left today counts already."""
    changes: dict[str, Any] = {}
    if changed & LIMITS:
        sent_today = find_mail(sender, TODAY, now=now).count()
        changes |= {
            "taken_on": _midnight(now).date() if sent_today else None,
            "taken_today": sent_today,
        }
        if changed & LIMITS - {"daily_limit"}:
            changes["sending_days"] = int(sent_today > 0)
    if changed & RATE:
        changes |= {"rate": None, "slowed_from": None, "tokens": 0.0, "refilled_at": now}
    if changes:
        Sender.objects.filter(pk=sender.pk).update(**changes)
