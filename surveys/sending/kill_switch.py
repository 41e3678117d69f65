"""Keeping all mail of the installation from leaving, at once.

Asked when a worker takes rows and again by the intent statement, so that at most the message which
a worker is just handing over still leaves. Two kinds leave all the same: mail that lets somebody
log in, who may be the one to let mail go again, and the alarms that tell admins of it.
"""

from __future__ import annotations

from psycopg.sql import SQL, Composed, Identifier, Literal

from surveys.models import Invitation, Mail, Organisation
from surveys.sending.ledger import Ledger

LEAVES_ALL_THE_SAME = (Mail.Kind.ACCOUNT.value, Mail.Kind.ALARM.value)

_NOT_STOPPED = SQL("""
    NOT EXISTS (SELECT FROM {organisation} WHERE sending_stopped_at IS NOT NULL)
""")


def not_stopped(ledger: Ledger) -> Composed:
    """The condition for the statements of the engine, on `row`."""
    condition = _NOT_STOPPED.format(organisation=Identifier(Organisation._meta.db_table))
    if ledger.model is Invitation:
        return condition
    kinds = SQL(", ").join(map(Literal, LEAVES_ALL_THE_SAME))
    return SQL("(row.kind IN ({}) OR {})").format(kinds, condition)


def is_stopped() -> bool:
    return Organisation.objects.filter(sending_stopped_at__isnull=False).exists()
