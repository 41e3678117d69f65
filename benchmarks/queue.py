"""How long the pages of the queue take on the server, and how that grows with the follow-ups.

    .venv/bin/python benchmarks/queue.py [OPEN] [--closed 100000] [--runs 15]

Makes a database of its own beside yours and drops it again. Each page is drawn by the whole stack
of the product, middleware included, with three open follow-ups and then with thousands of them
before as many closed ones as you like; printed are the medians, their ratio, and the queries.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

# In the place of this folder, which holds a module of the name of one of Python's own.
sys.path[0] = str(Path(__file__).parents[1])
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "npsapp.settings")

import django

django.setup()

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from benchmarks.queue_rows import make_follow_ups
from npsapp.models import User
from surveys.models import Organisation, Property, Survey

FEW = 3
PAGES = {
    "mine": "/follow-ups/?view=mine",
    "unassigned": "/follow-ups/?view=unassigned",
    "overdue": "/follow-ups/?view=overdue",
    "due today": "/follow-ups/?view=today",
    "waiting": "/follow-ups/?view=waiting",
    "all open": "/follow-ups/?view=all",
    "all open, page 300": "/follow-ups/?view=all&page=300",
    "snoozed": "/follow-ups/?view=snoozed",
    "closed": "/follow-ups/?view=closed",
    "search in open": "/follow-ups/?view=all&q=factuur",
    "search in closed": "/follow-ups/?view=closed&q=proef77",
    "one region": "/follow-ups/?view=all&property.region=Regio+3",
    "most valuable first": "/follow-ups/?view=all&sort=revenue",
    "what is new": "/follow-ups/news/?view=mine",
}
PLAIN_FILES = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


def measure(client: Client, address: str, runs: int) -> tuple[float, int]:
    """Return the median time of a page in milliseconds, and how many queries it takes."""
    with CaptureQueriesContext(connection) as queries:
        if client.get(address).status_code != 200:
            sys.exit(f"{address} does not answer.")
        # At once: the next request starts counting anew.
        count = len(queries)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        client.get(address)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000, count


def measure_all(client: Client, runs: int) -> dict[str, tuple[float, int]]:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return {name: measure(client, address, runs) for name, address in PAGES.items()}


def run(many: int, closed: int, runs: int) -> None:
    Organisation.objects.create(pk=1, name="Voorbeeld", time_zone="Europe/Amsterdam")
    Property.objects.create(key="revenue", label="Omzet", kind=Property.Kind.MONEY)
    Property.objects.create(key="region", label="Regio")
    survey = Survey.objects.create(name="Enquête", company="Voorbeeld")
    owners = [
        User.objects.create_user(
            f"{number}@voorbeeld.example", name=f"Agent {number}", role="agent"
        )
        for number in range(5)
    ]
    client = Client()
    client.force_login(owners[0])
    now = timezone.now()
    make_follow_ups(FEW, survey=survey, owners=owners, now=now)
    few = measure_all(client, runs)
    make_follow_ups(many, survey=survey, owners=owners, now=now)
    make_follow_ups(closed, survey=survey, owners=owners, now=now, closed=True)
    print(f"{'':22}{FEW:>8} open {many:>9,} open, {closed:,} closed")
    for name, (after, queries) in measure_all(client, runs).items():
        before = few[name][0]
        print(
            f"{name:22}{before:>8.1f} ms {after:>10.1f} ms {after / before:>8.2f} x"
            f" {queries:>5} queries",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("open", nargs="?", type=int, default=10_000)
    parser.add_argument("--closed", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=15)
    asked = parser.parse_args()
    old_name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with override_settings(STORAGES=PLAIN_FILES, ALLOWED_HOSTS=["testserver"]):
            run(asked.open, asked.closed, asked.runs)
    finally:
        connection.creation.destroy_test_db(old_name, verbosity=0)


if __name__ == "__main__":
    main()
