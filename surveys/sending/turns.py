"""One pass per lane at a time in this process: its threads gain nothing by a second one.

A pass that waits for a server that hangs loses its turn some time after it was to end. One more
may then begin, in case only that connection hangs; should it hang as well, nothing more is put at
risk until one of them has heard something: each mail under way may become a doubt.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from surveys.sending.leases import JOB_LEASE
from surveys.sending.ledger import Ledger

PATIENCE_SECONDS = 30.0 + JOB_LEASE.total_seconds()
MOST_PASSES = 2


class Turns:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.until: dict[Ledger, float] = {}
        self.passes: Counter[Ledger] = Counter()

    @contextmanager
    def take(self, ledger: Ledger) -> Iterator[int]:
        until = time.monotonic() + PATIENCE_SECONDS
        with self.lock:
            is_free = self.until.get(ledger, 0.0) < time.monotonic()
            is_ours = is_free and self.passes[ledger] < MOST_PASSES
            if is_ours:
                self.until[ledger] = until
                self.passes[ledger] += 1
            passes = self.passes[ledger] if is_ours else 0
        try:
            yield passes
        finally:
            with self.lock:
                if is_ours:
                    self.passes[ledger] -= 1
                if is_ours and self.until.get(ledger) == until:
                    del self.until[ledger]


_turns = Turns()


def begin_pass(ledger: Ledger) -> AbstractContextManager[int]:
    """Yield how many passes of the lane are under way with this one; 0: it is not its turn."""
    return _turns.take(ledger)


def _forget_turns() -> None:
    """The parent's threads do not exist in a fork."""
    global _turns
    _turns = Turns()


os.register_at_fork(after_in_child=_forget_turns)
