"""The token bucket of a sender: one row in the database, so that all workers draw from the same.

It fills with time, up to two ticks' worth. Tokens are taken for a whole claim, just before it, and
what of it does not leave is put back; never does more leave than rate x time + burst.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection

from surveys.models import Sender
from surveys.sending.statement import execute_together
from surveys.sending.warm_up import cap_of_day, sending_day_index

TICK_SECONDS = 5
BURST_SECONDS = 2 * TICK_SECONDS

_TABLE = Sender._meta.db_table
# NULL without a limit; LEAST and GREATEST pass over a NULL, so that the burst says it by itself.
_RATE = """
    LEAST(sender.rate, sender.rate_limit::float8 /
        CASE sender.rate_unit WHEN 'second' THEN 1 WHEN 'minute' THEN 60 ELSE 3600 END)
"""
_BURST = f"""
    CASE WHEN sender.rate IS NOT NULL OR sender.rate_limit IS NOT NULL
         THEN GREATEST(1, {_RATE} * {BURST_SECONDS}) END
"""
# Waiting for a quarter of the burst keeps a fast sender from claiming mail by mail.
_TAKE = f"""
    WITH bucket AS (
        SELECT sender.id, {_BURST} AS burst,
               LEAST({_BURST}, CASE WHEN sender.refilled_at IS NULL THEN {_BURST}
                   ELSE sender.tokens + {_RATE} * GREATEST(0, EXTRACT(EPOCH FROM
                        %(now)s::timestamptz - sender.refilled_at)::float8) END) AS filled,
               CASE WHEN sender.taken_on = %(today)s::date THEN sender.taken_today ELSE 0 END
                   AS taken,
               sender.taken_on IS NOT DISTINCT FROM %(today)s::date AS is_same_day
          FROM {_TABLE} AS sender WHERE sender.id = %(pk)s
           FOR UPDATE
    ), answer AS (
        SELECT bucket.*, GREATEST(0, LEAST(
                   %(wanted)s::integer, %(cap)s::integer - bucket.taken,
                   CASE WHEN bucket.filled < LEAST(%(wanted)s::integer, bucket.burst / 4) THEN 0
                        ELSE floor(bucket.filled)::integer END)) AS granted
          FROM bucket
    )
    UPDATE {_TABLE} AS sender
       SET tokens = GREATEST(0, COALESCE(answer.filled - answer.granted, 0)),
           refilled_at = GREATEST(sender.refilled_at, %(now)s::timestamptz),
           taken_today = answer.taken + answer.granted,
           sending_days = sender.sending_days
               + CASE WHEN answer.granted > 0 AND NOT answer.is_same_day THEN 1 ELSE 0 END,
           taken_on = CASE WHEN answer.granted > 0 THEN %(today)s::date ELSE sender.taken_on END
      FROM answer
     WHERE sender.id = answer.id
    RETURNING answer.granted
"""  # noqa: S608
_GIVE_BACK = f"""
    UPDATE {_TABLE} AS sender
       SET tokens = COALESCE(LEAST({_BURST}, sender.tokens + %(count)s::integer), 0),
           taken_today = GREATEST(0, sender.taken_today - CASE
               WHEN sender.taken_on = %(today)s::date THEN %(count)s::integer ELSE 0 END)
     WHERE sender.id = %(pk)s
"""  # noqa: S608
# Nothing is lost that matters when the database dies just now, and the claim that follows a taking
# makes it durable with itself.
_WITHOUT_WAITING = "SELECT set_config('synchronous_commit', 'off', true)"


def is_limited(sender: Sender) -> bool:
    return not (
        sender.rate is None
        and sender.rate_limit is None
        and sender.daily_limit is None
        and sender.warm_up_days is None
    )


def take(sender: Sender, wanted: int, *, today: dt.date, now: dt.datetime) -> int:
    """Return how many mails may leave now, at most `wanted`; they count as sent from here on."""
    values: dict[str, Any] = {
        "pk": sender.pk,
        "wanted": wanted,
        "today": today,
        "now": now,
        "cap": cap_of_day(sender, sending_day_index(sender, today)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        found = cursor.fetchone()
    return int(found[0]) if found else 0


def give_back(sender_pk: int, count: int, *, today: dt.date) -> None:
    """What was taken and did not leave. `today` is the day on which it was taken."""
    values: dict[str, str | int | None] = {
        "pk": sender_pk, "count": count, "today": today.isoformat(),
    }  # fmt: skip
    execute_together((_WITHOUT_WAITING, _GIVE_BACK), values)
