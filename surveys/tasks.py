"""What the beat wakes up. Every task finds its rows by itself and is harmless when run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from surveys import campaigns, catching_up
from surveys.importing.batches import work_on
from surveys.importing.running import find_waiting
from surveys.models import ImportBatch
from surveys.nudging import nudge
from surveys.sending import reap as reaping
from surveys.sending.leases import Lease, job_lease
from surveys.sending.ledger import LEDGERS
from surveys.sending.release import send_lane
from surveys.sending.watch import WORKER, note_alive


@shared_task(name="surveys.send_due")
def send_due() -> str:
    """One pass of both lanes; another one at once when there was too much for one."""
    now = timezone.now()
    note_alive(WORKER, now=now)
    catch_up()
    passes = {ledger.lane.value: send_lane(ledger, now=now) for ledger in LEDGERS}
    if any(done.more for done in passes.values()):
        nudge(send_due)
    return "; ".join(f"{lane}: {done}" for lane, done in passes.items())


@shared_task(name="surveys.catch_up")
def catch_up() -> str:
    """After a standstill, before anything leaves. Its lease is kept, so that it rests in between:
    right behind the standstill it is free, later twice a minute is enough."""
    if not Lease("job:catch_up").take():
        return "done a moment ago"
    return f"planned {catching_up.catch_up(now=timezone.now())} anew"


@shared_task(name="surveys.reap")
def reap() -> str:
    with job_lease("job:reap") as lease:
        return str(reaping.reap()) if lease else "another worker is at it"


@shared_task(name="surveys.finish_campaigns")
def finish_campaigns() -> str:
    with job_lease("job:finish_campaigns") as lease:
        if not lease:
            return "another worker is at it"
        return f"finished {campaigns.finish_campaigns(now=timezone.now())}"


@shared_task(name="surveys.import_contacts_file")
def import_contacts_file(pk: int) -> str:
    return "done" if work_on(pk, now=timezone.now()) else "nothing to do"


@shared_task(name="surveys.import_files")
def import_files() -> str:
    """The net under the nudge, and what takes a file over from a worker that died."""
    waiting = find_waiting(ImportBatch.Kind.CONTACTS)
    for pk in waiting:
        nudge(import_contacts_file, pk)
    return f"{len(waiting)} files waiting"
