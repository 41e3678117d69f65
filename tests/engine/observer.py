"""Looks at the ledger and at the sink's diary all the time, and says what must not be.

The ledger is read in one statement, so what it shows is one moment. What the diary had before that
moment must have been known to the ledger as possibly left; what the ledger calls sent must stand in
the diary afterwards.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.engine.diary import Reading

OPEN = ("scheduled", "claimed", "sending")
MAY_HAVE_LEFT = {"sending", "sent", "unknown"}
STATES = {*OPEN, "sent", "failed", "skipped", "unknown"}
# The last column says whether what else stands on the row fits its state.
SNAPSHOT = """
    SELECT row.id, contact.email, row.state, CASE row.state
        WHEN 'scheduled' THEN row.lease_until IS NULL AND row.sent_at IS NULL
        WHEN 'claimed' THEN row.lease_until IS NOT NULL AND row.claim_token IS NOT NULL
        WHEN 'sending' THEN row.lease_until IS NOT NULL AND row.attempt > 0
                        AND row.intent_at IS NOT NULL
        WHEN 'sent' THEN row.sent_at IS NOT NULL AND row.lease_until IS NULL
        WHEN 'unknown' THEN row.unknown_since IS NOT NULL AND row.lease_until IS NULL
        ELSE row.lease_until IS NULL END
      FROM surveys_invitation AS row
      LEFT JOIN surveys_contact AS contact ON contact.id = row.contact_id
      JOIN surveys_campaign AS campaign ON campaign.id = row.campaign_id
     WHERE campaign.name = 'Chaos'
"""
SECONDS_BETWEEN = 0.2


@dataclass
class Observer:
    """Runs beside the test, in a thread and with a connection of its own."""

    database: str
    diary_path: Path
    planned: int
    violations: list[str] = field(default_factory=list)
    samples: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    states: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.diary = Reading(self.diary_path)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.connection: psycopg.Connection | None = None

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopped.set()
        if self.thread.ident is not None:
            self.thread.join()
        if self.connection is not None:
            self.connection.close()

    def look_once_more(self) -> None:
        """When everybody is gone: this is how it stays."""
        self.stop()
        self.connection = None
        self.sample()
        self.stop()

    def watch(self) -> None:
        while not self.stopped.is_set():
            began = time.monotonic()
            try:
                self.sample()
            except psycopg.OperationalError:
                # PostgreSQL is being restarted.
                self.connection = None
            self.stopped.wait(max(SECONDS_BETWEEN, 3 * (time.monotonic() - began)))

    def sample(self) -> None:
        if self.connection is None:
            self.connection = psycopg.connect(self.database, autocommit=True)
        self.diary.read_on()
        before = set(self.diary.accepted)
        rows = self.connection.execute(SNAPSHOT).fetchall()
        self.diary.read_on()
        self.samples += 1
        self.states = {email: state for _, email, state, _ in rows}
        self.counts = Counter(state for _, _, state, _ in rows)
        self.judge([(row[1], row[2]) for row in rows if not row[3]], len(rows), before)

    def judge(self, unfit: list[tuple[str, str]], total: int, before: set[str]) -> None:
        if (total, len(self.states)) != (self.planned, self.planned):
            self.complain(f"{self.planned} were planned, there are {total}: {dict(self.counts)}")
        if strange := set(self.counts) - STATES:
            self.complain(f"no such state: {strange}")
        for email, state in unfit:
            self.complain(f"{email} is {state}, and its row says otherwise")
        for email in before:
            if self.states[email] not in MAY_HAVE_LEFT:
                self.complain(f"{email} has its mail, and the ledger says {self.states[email]}")
        for email, state in self.states.items():
            if state == "sent" and email not in self.diary.accepted:
                self.complain(f"{email} counts as sent, and the mail was never taken")

    def complain(self, what: str) -> None:
        if what not in self.violations:
            self.violations.append(what)

    @property
    def is_open(self) -> bool:
        """Whether something is on its way; also before the first look."""
        return not self.counts or any(self.counts[state] for state in OPEN)
