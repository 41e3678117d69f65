"""How long the page "Is the loop closed?" takes over many follow-ups, panel by panel.

    .venv/bin/python benchmarks/loop.py [FOLLOW_UPS] [--runs 3]

Starts a PostgreSQL of its own in a temporary folder and removes it again. A year of answers: nine
in ten contacted by telephone, most of them closed, a third of the people answered twice, and one in
ten detractors was given something.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

# In the place of this folder, which holds a module of the name of one of Python's own.
sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.own_database import clock, make_folder, remove_folder

FOLDER = make_folder("loop")
os.environ |= {"DJANGO_SETTINGS_MODULE": "npsapp.settings", "DEBUG": "1"}

import django

django.setup()

from django.core.management import call_command
from django.db import connection, connections
from django.test import Client

from closeloop.models import Activity, FollowUp, RootCause
from closeloop.reports.backlog import count_backlog
from closeloop.reports.cohort import Cohort
from closeloop.reports.loop import list_weeks
from closeloop.reports.members import list_member_numbers
from closeloop.reports.recovery import compare_recovery, list_gestures
from closeloop.reports.results import count_causes, list_outcomes
from closeloop.reports.waiting import list_first_contacts
from npsapp.embedded.server import release
from npsapp.models import User
from responses.models import Response
from responses.selection import Selection
from surveys.models import Contact, Organisation, Survey

NOW = dt.datetime.now(dt.UTC)
BATCH = 5000
ZONE = ZoneInfo("Europe/Amsterdam")


def fill(rows: int) -> None:
    random = Random(1)  # noqa: S311  (sample data)
    Organisation.objects.create(pk=1, name="Voorbeeld")
    survey = Survey.objects.create(name="Survey", slug="survey", company="Voorbeeld")
    causes = [RootCause.objects.create(label=f"Cause {n}") for n in range(8)]
    team = [User.objects.create(email=f"t{n}@voorbeeld.example", role="agent") for n in range(8)]
    contacts = Contact.objects.bulk_create(
        [
            Contact(email=f"k{n}@klanten.example", address_hash=f"{n:064}")
            for n in range(max(1, rows * 2 // 3))
        ],
        batch_size=BATCH,
    )
    answers = Response.objects.bulk_create(
        [
            Response(
                survey=survey,
                contact=contacts[n % len(contacts)],
                scale_min=0,
                score=random.choice([2, 5, 6, 7, 8, 8, 9, 9, 10, 10]),
                channel="import",
                answered_at=NOW - dt.timedelta(days=365 * (rows - n) / rows),
            )
            for n in range(rows)
        ],
        batch_size=BATCH,
    )
    follow_ups = [open_one(random, answer, causes, team) for answer in answers]
    FollowUp.objects.bulk_create(follow_ups, batch_size=BATCH)
    lines = [line for each in follow_ups for line in describe(random, each)]
    Activity.objects.bulk_create(lines, batch_size=BATCH)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def open_one(
    random: Random, answer: Response, causes: list[RootCause], team: list[User]
) -> FollowUp:
    at, owner = answer.answered_at, random.choice(team)
    reached = at + dt.timedelta(hours=60 * random.random())
    is_reached = random.random() < 0.9 and reached < NOW
    is_closed = is_reached or (random.random() < 0.5 and reached < NOW)
    return FollowUp(
        response=answer,
        owner=owner,
        opened_at=at,
        due_at=at + dt.timedelta(days=2),
        awaiting_contact=not is_reached,
        first_contacted_at=reached if is_reached else None,
        state="closed" if is_closed else "open",
        closed_at=reached if is_closed else None,
        outcome="solved" if is_closed else "",
        root_cause=random.choice(causes) if is_closed and answer.score < 7 else None,
        known_score=answer.score,
        answer_seen_at=at,
    )


def describe(random: Random, follow_up: FollowUp) -> list[Activity]:
    lines = [Activity(follow_up=follow_up, kind="opened", at=follow_up.opened_at, version=1)]
    owner, at = follow_up.owner, follow_up.first_contacted_at
    frozen = {"owner": owner.pk if owner else None}
    if at:
        details = frozen | {"reached": True}
        lines.append(
            Activity(
                follow_up=follow_up, kind="call", at=at, version=2, actor=owner, details=details
            )
        )
        if follow_up.known_score < 7 and random.random() < 0.1:
            given = {"what": "Flowers", "cost": "24.50"}
            lines.append(
                Activity(follow_up=follow_up, kind="gesture", at=at, version=3, details=given)
            )
    if follow_up.closed_at:
        lines.append(
            Activity(
                follow_up=follow_up,
                kind="closed",
                at=follow_up.closed_at,
                version=4,
                actor=owner,
                details=frozen,
            )
        )
    return lines


def measure(runs: int) -> None:
    cohort = Cohort(selection=Selection(zone=ZONE), now=NOW)
    panels: dict[str, Callable[[], object]] = {
        "weeks": lambda: list_weeks(cohort),
        "first contact": lambda: list_first_contacts(cohort),
        "backlog": lambda: count_backlog(cohort),
        "outcomes": lambda: list_outcomes(cohort),
        "root causes": lambda: count_causes(cohort),
        "recovery": lambda: compare_recovery(cohort),
        "gestures": lambda: list_gestures(cohort),
        "members": lambda: list_member_numbers(cohort),
    }
    for title, panel in panels.items():
        print(f"{title:16} {clock(panel, runs):7.0f} ms")
    manager = User.objects.create(email="m@voorbeeld.example", role="manager", name="M")
    client = Client()
    client.force_login(manager)
    address = "/follow-ups/loop/?period=all"
    answer = client.get(address, headers={"host": "localhost"})
    if answer.status_code != 200:
        sys.exit(f"The page answered {answer.status_code}.")
    whole = clock(lambda: client.get(address, headers={"host": "localhost"}), runs)
    print(f"{'whole page':16} {whole:7.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("follow_ups", type=int, nargs="?", default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    try:
        call_command("migrate", verbosity=0)
        fill(options.follow_ups)
        print(f"{FollowUp.objects.count()} follow-ups, {Activity.objects.count()} lines")
        measure(options.runs)
    finally:
        connections.close_all()
        release()
        remove_folder(FOLDER)


if __name__ == "__main__":
    main()
