"""After a restore: nothing leaves until a person has said what happened since the backup.

The restored rows do not know what left after the backup was made. Only somebody who knows whether
the old installation went on can say whether sending them again would be sending them twice.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from psycopg.sql import SQL, Composed, Identifier, Literal

from surveys.models import Heartbeat, Invitation, Sender
from surveys.models.sender import UNTIL_RELEASED
from surveys.planning.reminding import doubt_reminders
from surveys.sending.ledger import LEDGERS, Ledger, Reason, State
from surveys.sending.watch import BACKUP, RESTORE, last_seen

# Links are signed row numbers: a new row must not get the number of one whose link was mailed
# between the backup and its restore.
ROOM_FOR_LOST_ROWS = 1_000_000

_HOLD = SQL("""
    UPDATE public.{sender} SET held_until = {until}, held_reason = {reason};
    INSERT INTO public.{heartbeat} (name, seen_at) VALUES ({name}, clock_timestamp())
        ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at;
    SELECT setval(s, nextval(s) + {room})
      FROM pg_get_serial_sequence({invitation}, 'id') AS s;
""")


# There while the erasures since the backup have not been done again: nobody is written to before.
REPLAY = "erasures to replay"


class ErasuresMissing(Exception):
    """People who were erased may be back: mail must not be released yet."""


@dataclass(frozen=True)
class Restored:
    """What a person needs to know to decide. The moments are None when nobody wrote them down."""

    backup_at: dt.datetime | None
    restored_at: dt.datetime | None
    doubtful: int
    erasures_missing: bool = False


def hold_statements(reason: str) -> Composed:
    """Return the SQL that a restore runs in its own transaction, so that no worker is quicker."""
    return _HOLD.format(
        sender=Identifier(Sender._meta.db_table),
        heartbeat=Identifier(Heartbeat._meta.db_table),
        until=Literal(UNTIL_RELEASED),
        reason=Literal(reason),
        name=Literal(RESTORE),
        room=Literal(ROOM_FOR_LOST_ROWS),
        invitation=Literal(f"public.{Invitation._meta.db_table}"),
    )


def demand_replay_statement() -> Composed:
    """Return the SQL with which a restore says that erasures are to be done again."""
    return SQL(
        "INSERT INTO public.{heartbeat} (name, seen_at) VALUES ({name}, clock_timestamp())"
        " ON CONFLICT (name) DO NOTHING;"
    ).format(heartbeat=Identifier(Heartbeat._meta.db_table), name=Literal(REPLAY))


def is_replay_missing() -> bool:
    return Heartbeat.objects.filter(name=REPLAY).exists()


def note_replayed() -> None:
    Heartbeat.objects.filter(name=REPLAY).delete()


def end_sendings(*, now: dt.datetime) -> None:
    """What was leaving when the backup was made has no worker any more: nobody can know."""
    for ledger in LEDGERS:
        ledger.rows.filter(state=State.SENDING).update(
            state=State.UNKNOWN,
            reason=Reason.RESTORED,
            unknown_since=now,
            lease_until=None,
            claim_token=None,
        )


def is_held_for_release() -> bool:
    return Sender.objects.filter(held_until=UNTIL_RELEASED).exists()


def describe_restore() -> Restored | None:
    """Return what waits for a decision, or None when nothing is held."""
    if not is_held_for_release():
        return None
    restored_at = last_seen(RESTORE)
    doubtful = sum(_doubtful(ledger, restored_at).count() for ledger in LEDGERS)
    return Restored(last_seen(BACKUP), restored_at, doubtful, is_replay_missing())


@transaction.atomic
def release_sending(*, doubt: bool, now: dt.datetime) -> int:
    """Let mail leave again; return how many mails are in doubt instead.

    With `doubt`, what was due when the backup was restored may have left already: it becomes
    unknown and is never sent again by itself; reminders that had fallen due by then have no row
    to tell, and are not sent either. Without, all of it is sent. Raises ErasuresMissing.
    """
    if not is_held_for_release():
        return 0
    if is_replay_missing():
        raise ErasuresMissing
    doubted = 0
    if doubt:
        restored_at = last_seen(RESTORE)
        doubt_reminders(until=restored_at or now)
        for ledger in LEDGERS:
            doubted += _doubtful(ledger, restored_at).update(
                state=State.UNKNOWN,
                reason=Reason.RESTORED,
                unknown_since=now,
                lease_until=None,
                claim_token=None,
            )
    Sender.objects.filter(held_until=UNTIL_RELEASED).update(
        held_until=None,
        held_reason="",
        failures_in_a_row=0,
        refusals_in_a_row=0,
        doubts_in_a_row=0,
    )
    return doubted


def _doubtful(ledger: Ledger, restored_at: dt.datetime | None) -> QuerySet[Invitation]:
    waiting = ledger.rows.filter(state__in=[State.SCHEDULED, State.CLAIMED])
    return waiting if restored_at is None else waiting.filter(scheduled_for__lte=restored_at)
