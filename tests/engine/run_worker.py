"""Workers without a broker: each sends, reaps and sends again until it is killed.

A nursery: for each line on its input it forks a worker and prints the worker's process id, so that
a new one is there at once. `--without-intent` takes the engine's promise away, for the test that
shows that the others would notice. Nothing of it exists in the product.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import time
from types import ModuleType
from typing import Any

import django

django.setup()

from django.core.mail.utils import DNS_NAME  # noqa: E402
from django.utils import timezone  # noqa: E402

from surveys.sending import claim, deliver, intent, record  # noqa: E402
from surveys.sending.ledger import INVITATIONS, State  # noqa: E402
from surveys.sending.reap import reap  # noqa: E402
from surveys.sending.release import send_batch  # noqa: E402

# Leases of seconds instead of minutes, so that the harness sees what happens after they end.
CHANGES: dict[ModuleType, dict[str, Any]] = {
    claim: {"CLAIM_LEASE": dt.timedelta(seconds=1)},
    intent: {"RESULT_LEASE": dt.timedelta(seconds=2)},
}

if "--without-intent" in sys.argv:
    CHANGES[deliver] = {"record_intent": lambda *args, **options: True}
    CHANGES[record] = {"_AFTER_HANDOVER": (State.CLAIMED,)}
for module, changes in CHANGES.items():
    for name, value in changes.items():
        setattr(module, name, value)


def work() -> None:
    # The sink knows by this name whom to kill.
    DNS_NAME._fqdn = f"pid-{os.getpid()}"
    while True:
        done = send_batch(INVITATIONS, now=timezone.now())
        reap()
        if not done.attempts:
            time.sleep(0.05)


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            work()
        os.write(1, b"%d\n" % child)
