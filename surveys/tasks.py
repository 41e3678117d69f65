"""What the beat wakes up. Every task finds its rows by itself and is harmless when run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from surveys import campaigns, catching_up, rounds
from surveys.importing.batches import work_on
from surveys.importing.running import find_waiting
from surveys.models import Campaign, ImportBatch
from surveys.nudging import nudge
from surveys.planning.reminding import plan_reminders
from surveys.sending import alarms, pace
from surveys.sending import reap as reaping
from surveys.sending.leases import Lease, one_at_a_time
from surveys.sending.ledger import LEDGERS
from surveys.sending.release import send_lane
from surveys.sending.settling import settle_overdue
from surveys.sending.watch import WORKER, note_alive
from surveys.tracking import processing


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
@one_at_a_time("reap")
def reap(_lease: Lease) -> str:
    return str(reaping.reap())


@shared_task(name="surveys.adjust_rates")
@one_at_a_time("adjust_rates")
def adjust_rates(_lease: Lease) -> str:
    return f"adjusted {pace.adjust_rates(now=timezone.now())}"


@shared_task(name="surveys.finish_campaigns")
@one_at_a_time("finish_campaigns")
def finish_campaigns(_lease: Lease) -> str:
    return f"finished {campaigns.finish_campaigns(now=timezone.now())}"


@shared_task(name="surveys.settle_doubt")
@one_at_a_time("settle_doubt")
def settle_doubt(_lease: Lease) -> str:
    return f"treated as sent {settle_overdue(now=timezone.now())}"


@shared_task(name="surveys.watch")
@one_at_a_time("watch")
def watch(_lease: Lease) -> str:
    return alarms.watch(now=timezone.now())


@shared_task(name="surveys.remind")
@one_at_a_time("remind")
def remind(lease: Lease) -> str:
    """Plan the reminders that fall due today, as far as the daily limits leave room."""
    planned = 0
    for campaign in Campaign.objects.running().filter(reminders__gt=0).order_by("pk"):
        planned += plan_reminders(campaign, now=timezone.now())
        lease.renew()
    return f"{planned} reminders planned"


@shared_task(name="surveys.prepare_rounds")
@one_at_a_time("prepare_rounds")
def prepare_rounds(_lease: Lease) -> str:
    return f"{rounds.prepare_rounds(now=timezone.now())} drafts prepared"


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


@shared_task(name="surveys.process_provider_events")
@one_at_a_time("provider_events")
def process_provider_events(lease: Lease) -> str:
    """What mail services told since the last time; the net and the work in one."""
    done = processing.process_events(now=timezone.now(), lease=lease)
    if done.more:
        nudge(process_provider_events)
    return str(done)


@shared_task(name="surveys.forget_provider_events")
@one_at_a_time("forget_provider_events")
def forget_provider_events(_lease: Lease) -> str:
    return f"forgot {processing.forget_events(now=timezone.now())}"
