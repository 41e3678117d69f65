"""A result that is written right before the next intent: both wait for the disk once.

A mail that was taken stays "leaving" until the next one may leave, a millisecond later. A worker
that dies in between leaves a doubt, as it does at any moment between an intent and its result; it
is still one mail per connection, because no intent is written before this result. Whenever
there is no next intent at once, the result is written by itself.

A 250 that is not written down would become a doubt, and with a send-again a duplicate. So a result
is held in memory and tried again for minutes when the database is away.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection

from surveys.sending.ledger import Row
from surveys.sending.statement import Statement

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 300.0
LONGEST_PAUSE_SECONDS = 10.0

# Ahead of an intent a result need not wait for the disk: the intent does, and what was committed
# before it is on the disk then too.
WITHOUT_WAITING = " RETURNING set_config('synchronous_commit', 'off', true)"
# An intent that changed nothing did not wait for the disk. This does.
_WAIT = Statement("SELECT pg_current_xact_id()", {})


@dataclass
class Postponed:
    """Of one connection: the result that waits, none most of the time."""

    row: Row | None = None
    statement: Statement | None = None

    def keep(self, row: Row, statement: Statement) -> None:
        self.write()
        self.row, self.statement = row, statement

    def write_ahead(self) -> None:
        """Commit it, not yet on the disk; until `note_intent` it is held in memory too."""
        if self.statement is not None:
            Statement(self.statement.sql + WITHOUT_WAITING, self.statement.values).execute()

    def note_intent(self, *, is_confirmed: bool) -> None:
        """The intent after it was written, or refused."""
        if self.row is not None and not is_confirmed:
            persist(_WAIT.execute, self.row)
        self.row = self.statement = None

    def write(self) -> None:
        """Write it by itself, now."""
        if self.row is not None and self.statement is not None:
            persist(self.statement.execute, self.row)
            self.row = self.statement = None


def persist(write: Callable[[], int], row: Row) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = 0.1
    while True:
        try:
            write()
        except (OperationalError, InterfaceError) as error:
            connection.close()
            if time.monotonic() > deadline:
                logger.critical("The result of %s %s is lost: %s", row._meta.label, row.pk, error)
                raise
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        else:
            return
