"""How fast a sender may go: half as fast when the server defers, a little faster each good minute.

Additive increase and multiplicative decrease, as in TCP and in the queue manager of Postfix. The
sender's limit is the top; for a sender without one it is the speed at which the trouble began.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import Sum
from psycopg.sql import SQL, Identifier

from surveys.models import Sender, SenderMinute
from surveys.sending.outcome import Outcome, Reason, Verdict
from surveys.sending.statement import execute

STEP = 0.05  # of the top, each good minute
FEW = 0.01  # deferrals of all results: less is a good minute
MANY = 0.05  # more is too fast
ENOUGH = 20  # results that tell something; fewer are kept for the next minute
SLOWEST = 1 / 60  # mails a second, unless the limit is lower
FLOOR_SHARE = 1 / 20
KEPT = dt.timedelta(days=8)
COUNTED = ("sent", "deferred", "refused", "unreachable", "unknown", "slow_downs")

_ADD = SQL("""
    INSERT INTO {table} AS row (sender_id, minute, {columns})
    VALUES (%(sender)s, date_trunc('minute', %(now)s::timestamptz), {values})
    ON CONFLICT (sender_id, minute) DO UPDATE SET {sums}
""")


@dataclass(frozen=True)
class Results:
    """What became of the mails since the last judgement, and over how many seconds."""

    total: int
    deferred: int
    slow_downs: int
    seconds: float

    @property
    def share(self) -> float:
        return self.deferred / self.total if self.total else 0.0


def floor_of(top: float) -> float:
    return min(top, max(top * FLOOR_SHARE, SLOWEST))


def next_rate(rate: float, top: float, results: Results) -> float | None:
    """The rate from now on, between floor and top; None when there is too little to judge by."""
    if results.slow_downs or (results.total >= ENOUGH and results.share > MANY):
        return max(floor_of(top), min(rate, top) / 2)
    if results.total < ENOUGH:
        return None
    if results.share < FEW:
        return min(top, rate + STEP * top)
    return min(rate, top)


def adjust_rates(*, now: dt.datetime) -> int:
    """Judge every sender by its results since it was judged last; return how many changed."""
    SenderMinute.objects.filter(minute__lt=now - KEPT).delete()
    return sum(_adjust(sender, now) for sender in Sender.objects.all())


def _adjust(sender: Sender, now: dt.datetime) -> int:
    # Only minutes that are over: results of this one may still come.
    until = now.replace(second=0, microsecond=0)
    since = max(sender.judged_at or until - dt.timedelta(minutes=5), until - dt.timedelta(hours=1))
    results = _sum_up(sender, since, until)
    top = sender.ceiling or sender.slowed_from or results.total / max(results.seconds, 1.0)
    if not results.total or not top:
        return 0
    rate = next_rate(top if sender.rate is None else sender.rate, top, results)
    if rate is None:
        return 0
    changes: dict[str, Any] = {"judged_at": until, "rate": rate, "slowed_from": top}
    if rate >= top:
        changes |= {"rate": None, "slowed_from": None}
    elif rate < (sender.rate or top):
        changes["tokens"] = 0.0  # and a pause until there are new ones
    if sender.ceiling is not None:
        changes["slowed_from"] = None
    Sender.objects.filter(pk=sender.pk).update(**changes)
    return int(changes["rate"] != sender.rate)


def _sum_up(sender: Sender, since: dt.datetime, until: dt.datetime) -> Results:
    minutes = sender.minutes.filter(minute__gte=since, minute__lt=until)
    sums = minutes.aggregate(**{f"all_{name}": Sum(name, default=0) for name in COUNTED})
    total = sum(sums[f"all_{name}"] for name in COUNTED if name != "slow_downs")
    seconds = 60.0 * minutes.count()
    return Results(total, sums["all_deferred"], sums["all_slow_downs"], seconds)


def classify(outcome: Outcome) -> list[str]:
    """In which columns an outcome counts; none when no server was asked."""
    match outcome.verdict:
        case Verdict.SENT:
            return ["sent"]
        case Verdict.UNKNOWN:
            return ["unknown"]
        case Verdict.FAILED:
            return ["refused"] if outcome.reason == Reason.REFUSED else []
        case Verdict.RETRY | Verdict.HELD if outcome.is_deferral:
            return ["deferred", *(["slow_downs"] if outcome.asks_to_slow_down else [])]
        case Verdict.RETRY:
            return ["unreachable"]
        case Verdict.HELD:
            return ["refused" if outcome.detail[:1] == "5" else "unreachable"]
    return []


def note_results(sender_pk: int, results: Counter[str], *, now: dt.datetime) -> None:
    """Add what a claim came to; one statement for all of it."""
    values: dict[str, str | int | None] = {"sender": sender_pk, "now": now.isoformat()}
    execute(_add_statement(), values | {name: results[name] for name in COUNTED})


@cache
def _add_statement() -> str:
    columns = [Identifier(name) for name in COUNTED]
    return _ADD.format(
        table=Identifier(SenderMinute._meta.db_table),
        columns=SQL(", ").join(columns),
        values=SQL(", ").join(SQL(f"%({name})s::integer") for name in COUNTED),
        sums=SQL(", ").join(SQL("{0} = row.{0} + excluded.{0}").format(name) for name in columns),
    ).as_string()
