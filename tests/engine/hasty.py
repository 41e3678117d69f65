"""Leases and pauses of seconds instead of minutes, so that the tests see what comes after them.

`CHAOS_WITHOUT_INTENT=1` takes the engine's promise away, for the test that shows that the others
would notice. Nothing of this exists in the product.
"""

from __future__ import annotations

import datetime as dt
import os
import pkgutil
from importlib import import_module
from types import ModuleType
from typing import Any

from django.apps import AppConfig

MOMENT = dt.timedelta(seconds=0.3)
NUMBERS: dict[str, Any] = {
    "CLAIM_LEASE": dt.timedelta(seconds=4),
    "RESULT_LEASE": dt.timedelta(seconds=5),
    # Not shorter: a lane that changes hands while a slow machine sends would leave two mails in
    # the hands of one worker.
    "JOB_LEASE": dt.timedelta(seconds=3),
    "_RENEW_AFTER_SECONDS": 0.3,
    "FIRST_BACKOFF": MOMENT,
    "AT_ONCE": MOMENT,
    "A_WHILE": MOMENT,
    "FOR_A_PERSON": MOMENT,
    "LONGEST_HOLD": 2 * MOMENT,
    "LONGEST_HOLD_IN_DOUBT": 2 * MOMENT,
    "LONGEST_PAUSE_SECONDS": 0.5,
    # What waits for two minutes would be caught up at the pace of its plan, which counts what left
    # in five: on a slow machine nothing would move for so long.
    "BEHIND": dt.timedelta(hours=1),
}
# For a server that hangs. Otherwise the real ones: a busy machine is no doubt.
if os.environ.get("CHAOS_SHORT_REPLIES"):
    NUMBERS |= {"COMMAND_SECONDS": 4.0, "FINAL_REPLY_SECONDS": 6.0}

# What a test leaves as it is in the product.
for kept in os.environ.get("CHAOS_KEEPS", "").split():
    del NUMBERS[kept]


class Hasty(AppConfig):
    name = "tests.engine.hasty"

    def ready(self) -> None:
        modules = list_engine()
        for module in modules:
            for number, value in NUMBERS.items():
                if hasattr(module, number):
                    setattr(module, number, value)
        if os.environ.get("CHAOS_WITHOUT_INTENT"):
            take_intent_away()


def list_engine() -> list[ModuleType]:
    from surveys import sending

    names = [found.name for found in pkgutil.iter_modules(sending.__path__)]
    return [import_module(f"{sending.__name__}.{name}") for name in names]


def take_intent_away() -> None:
    """An engine of leases alone: handed over while `claimed`, and claimed again after a crash."""
    from surveys.sending import deliver, record
    from surveys.sending.ledger import State

    changes: list[tuple[ModuleType, str, Any]] = [
        (deliver, "record_intent", lambda *args, **options: True),
        (record, "_AFTER_HANDOVER", (State.CLAIMED,)),
    ]
    for module, name, value in changes:
        assert hasattr(module, name)
        setattr(module, name, value)
