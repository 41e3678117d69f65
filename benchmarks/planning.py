"""How long planning a campaign takes, how much memory, and what a claim costs behind it.

    .venv/bin/python benchmarks/planning.py [CONTACTS] [--runs 3]

Starts a PostgreSQL of its own in a temporary folder and removes it again. Planning is all that a
launch does to rows: judge the audience, count it, order it, write an invitation for everybody,
commit. Beside it stands a bare INSERT … SELECT of the very same rows into the same emptied table,
in turns with it, so that another program on this machine slows both.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# In the place of this folder, which holds a module of the name of one of Python's own.
sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.own_database import make_folder, remove_folder

FOLDER = make_folder("planning")
os.environ |= {"DJANGO_SETTINGS_MODULE": "npsapp.settings", "DEBUG": "1"}

import django

django.setup()

from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from benchmarks.apart import MEGABYTE, work_apart
from npsapp.embedded.server import release
from surveys.models import Campaign, Contact, Invitation, Organisation, Sender, Survey
from surveys.planning.plan import draw_plan, write_plan
from surveys.sending import claim
from surveys.sending.ledger import INVITATIONS

NOW = dt.datetime(2026, 10, 1, 6, tzinfo=dt.UTC)
TABLE = Invitation._meta.db_table
_CONTACTS = """
    INSERT INTO surveys_contact (email, address_hash, external_id, first_name, last_name, language,
                                 properties, time_zone, created_at, updated_at)
    SELECT 'klant' || number || '@klanten.example',
           encode(sha256(convert_to('klant' || number, 'UTF8')), 'hex'), 'K-' || number,
           'Fenna', 'van der Proef ' || number, CASE number %% 5 WHEN 0 THEN 'en' ELSE 'nl' END,
           jsonb_build_object('segment', 'Segment ' || number %% 4,
                              'region', 'Regio ' || number %% 12),
           (ARRAY['', 'Europe/Paris', 'America/New_York', 'Asia/Tokyo'])[1 + number %% 4],
           now(), now()
      FROM generate_series(1, %s) AS number
"""


def run_sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def make_campaign(name: str, **fields: Any) -> Campaign:
    survey = Survey.objects.first() or Survey.objects.create(name="Survey", company="Voorbeeld")
    sender = Sender.objects.first() or Sender.objects.create(
        name="Sender", from_name="Voorbeeld", from_email="vraag@voorbeeld.example"
    )
    return Campaign.objects.create(
        name=name, survey=survey, sender=sender, first_day=NOW.date(), seed="seed",
        **fields,
    )  # fmt: skip


def make_contacts(count: int) -> None:
    run_sql(f"TRUNCATE {TABLE}, surveys_contact CASCADE")
    run_sql(_CONTACTS, count)
    run_sql("VACUUM ANALYZE surveys_contact")


def plan(campaign: Campaign) -> None:
    with transaction.atomic():
        write_plan(campaign, draw_plan(campaign, now=NOW, keep=True))


@contextmanager
def emptied() -> Iterator[None]:
    run_sql(f"TRUNCATE {TABLE} CASCADE")
    run_sql("CHECKPOINT")
    yield


def time_of(work: Callable[[], object]) -> float:
    with emptied():
        start = time.perf_counter()
        work()
        return time.perf_counter() - start


def peak_memory(work: Callable[[], object]) -> float:
    """Of a process of its own that does nothing else."""
    return work_apart(work).ru_maxrss / MEGABYTE


def compare(kind: str, campaign: Campaign, *, runs: int) -> None:
    """Plan and copy in turns."""
    columns = ", ".join(field.column for field in Invitation._meta.concrete_fields if field.column)
    bare, planned = [], []
    with emptied():
        plan(campaign)
        rows = f"SELECT {columns} FROM {TABLE} ORDER BY id"  # noqa: S608
        run_sql(f"CREATE UNLOGGED TABLE kept AS {rows}")
        run_sql("VACUUM ANALYZE kept")
    copy = f"INSERT INTO {TABLE} ({columns}) SELECT {columns} FROM kept"  # noqa: S608
    for _ in range(runs):
        bare.append(time_of(lambda: run_sql(copy)))
        planned.append(time_of(lambda: plan(campaign)))
    ((count,),) = run_sql(f"SELECT count(*) FROM {TABLE}")  # noqa: S608
    run_sql("DROP TABLE kept")
    base, whole = statistics.median(bare), statistics.median(planned)
    ratios = ", ".join(f"{two / one:.2f}" for one, two in zip(bare, planned, strict=True))
    print(
        f"  {kind:<28} {whole:6.1f} s; bare INSERT … SELECT {base:6.1f} s;"
        f" ratio {whole / base:.2f} (each run: {ratios}); {count:,} rows",
        flush=True,
    )


def explain_claim(campaign: Campaign) -> None:
    """A claim of 50 in front of whatever the table holds, undone again."""
    statement = claim._statement(INVITATIONS)
    values: dict[str, Any] = {
        "now": NOW + dt.timedelta(days=60), "stream": campaign.pk, "from_claims": 0,
        "to_claims": 0, "late_too": True, "limit": 50,
        "fresh_from": NOW, "token": "00000000-0000-0000-0000-000000000001",
        "lease": dt.timedelta(minutes=5), "worker": "benchmark",
    }  # fmt: skip
    with connection.cursor() as cursor:
        for _ in range(2):
            with transaction.atomic():
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", values)
                lines = [line for (line,) in cursor.fetchall()]
                transaction.set_rollback(True)
        print("\n".join(f"    {line}" for line in lines))


def measure_claims(campaign: Campaign, contacts: int) -> None:
    with emptied():
        plan(campaign)
    run_sql(f"UPDATE {TABLE} SET state = 'sent', sent_at = scheduled_for")  # noqa: S608
    run_sql(f"VACUUM ANALYZE {TABLE}")
    next_one = make_campaign("Next", state=Campaign.State.RUNNING)
    people = Contact.objects.order_by("pk").values_list("pk", "address_hash")[:10_000]
    Invitation.objects.bulk_create(
        Invitation(
            campaign=next_one, contact_id=pk, address_hash=address_hash, state="scheduled",
            scheduled_for=NOW, not_after=NOW + dt.timedelta(days=90),
        )
        for pk, address_hash in people
    )  # fmt: skip
    print(f"A claim of 50 with {contacts:,} finished invitations behind it:", flush=True)
    explain_claim(next_one)
    run_sql(f"DELETE FROM {TABLE} WHERE campaign_id <> %s", next_one.pk)  # noqa: S608
    run_sql(f"VACUUM ANALYZE {TABLE}")
    print("The same with none:")
    explain_claim(next_one)


def run(contacts: int, runs: int) -> None:
    call_command("migrate", verbosity=0)
    Organisation.objects.update_or_create(pk=1, defaults={"name": "Voorbeeld"})
    strata = {"strata": ["segment", "region", "contact.language"], "daily_limit": contacts}
    plain, mirrored = make_campaign("Plain"), make_campaign("Mirrored", **strata)
    sizes = sorted({min(size, contacts) for size in (10_000, 100_000, contacts)})
    print("Peak memory of the process that plans:", flush=True)
    for size in sizes:
        make_contacts(size)
        with emptied():
            print(
                f"  {size:>9,} contacts {peak_memory(lambda: plan(mirrored)):5.0f} MB", flush=True
            )
    print(f"Planning {contacts:,} contacts, median of {runs}:", flush=True)
    compare("no strata", plain, runs=runs)
    compare("three properties mirrored", mirrored, runs=runs)
    if hasattr(Campaign, "Clock"):
        recipient = make_campaign("Recipient", clock="recipient", **strata)
        compare("and the recipient's clock", recipient, runs=runs)
    measure_claims(mirrored, contacts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("contacts", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    started = timezone.now()
    try:
        run(chosen.contacts, chosen.runs)
    finally:
        connections.close_all()
        release()
        remove_folder(FOLDER)
    print(f"Took {(timezone.now() - started).total_seconds():.0f} s.")


if __name__ == "__main__":
    main()
