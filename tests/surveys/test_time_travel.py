"""Campaigns of thirty days in seconds: planned, claimed and sent by the product's own statements.

Only the mail server is missing, and the intent is asked for a whole claim at once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from surveys import campaigns
from surveys.models import Campaign, Contact, Invitation
from surveys.planning.joining import add_people
from surveys.replanning import resume
from surveys.sending import catching_up as sending_catching_up
from surveys.sending import intent, release
from surveys.sending.claim import Claim, claim_due, release_claim
from surveys.sending.ledger import INVITATIONS, RESULT_LEASE
from surveys.sending.resting import DEFAULT_DAYS
from tests.factories import make_campaign, make_organisation, make_rehearsal

pytestmark = pytest.mark.django_db(transaction=True)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
PEOPLE, NEWCOMERS, LIMIT = 20_000, 500, 820
SEGMENTS = ["Klein"] * 6 + ["Midden"] * 3 + ["Groot"]
ZONES = ["", "", "America/New_York", "Australia/Sydney"]
TICK = dt.timedelta(hours=1)
MOMENT = dt.timedelta(seconds=1)
# The same conditions for all rows of a claim at once: each is asked with its own address.
ONE_ROW = ("row.id = %(pk)s AND", "SET state = 'sending'", "%(address_hash)s")


@pytest.fixture(autouse=True)
def large_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "ROUND", 2_000)
    # Who looks once an hour finds everything overdue; for this engine a tick late is in time.
    monkeypatch.setattr(release, "BEHIND", TICK)
    monkeypatch.setattr(sending_catching_up, "_SPAN", TICK)


def add_contacts(count: int, *, start: int = 0, zones: list[str]) -> None:
    Contact.objects.bulk_create(
        Contact(
            email=f"klant{number}@klanten.example",
            address_hash=hashlib.sha256(str(number).encode()).hexdigest(),
            last_name=f"Proef {number}",
            time_zone=zones[number % len(zones)],
            properties={"segment": SEGMENTS[number // 7 % len(SEGMENTS)]},
        )
        for number in range(start, start + count)
    )


@dataclass
class Journey:
    """A clock that only goes on, and an engine that looks at the last second of each hour."""

    campaign: Campaign
    now: dt.datetime

    def run(self, until: dt.datetime) -> None:
        while self.now + TICK <= until:
            self.now += TICK - MOMENT
            self.tick()
            self.now += MOMENT

    def tick(self) -> None:
        for stream in release.grant(INVITATIONS, now=self.now):
            used = 0
            while used < stream.limit:
                claim = claim_due(
                    INVITATIONS,
                    stream.pk,
                    limit=stream.limit - used,
                    late_too=stream.late_too,
                    now=self.now,
                )
                if not claim.taken:
                    break
                used += claim.taken
                self.hand_over(claim)

    def hand_over(self, claim: Claim) -> None:
        *_, statement = intent._statements(INVITATIONS)
        assert all(part in statement for part in ONE_ROW)
        statement = statement.rpartition("UPDATE")[2]
        of_claim = statement.replace(ONE_ROW[0], "row.id = ANY(%(pks)s) AND")
        of_claim = of_claim.replace(ONE_ROW[2], "row.address_hash")
        values: dict[str, Any] = {
            "pks": [row.pk for row in claim.rows], "token": claim.token, "now": self.now,
            "scopes": INVITATIONS.scopes, "lease": RESULT_LEASE, "default_days": DEFAULT_DAYS,
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {of_claim}", values)
        rows = Invitation.objects.filter(claim_token=claim.token, state="sending")
        rows.update(state="sent", sent_at=self.now, lease_until=None, claims=0)
        release_claim(claim)


def travel(campaign: Campaign, *, zones: list[str]) -> None:
    """Thirty days: paused on the ninth, 500 more on the twelfth, an outage on the seventeenth."""

    def moment(day: int, hour: int) -> dt.datetime:
        date = campaign.first_day + dt.timedelta(days=day - 1)
        return dt.datetime.combine(date, dt.time(hour), AMSTERDAM).astimezone(dt.UTC)

    make_rehearsal(campaign)
    journey = Journey(campaign, moment(1, 0) - dt.timedelta(days=1))
    plan = campaigns.launch(
        campaign, previewed=PEOPLE, terms=campaigns.describe_terms(campaign), now=journey.now
    )
    assert (plan.mails, plan.left_out) == (PEOPLE, {})
    journey.run(moment(9, 12))
    campaigns.pause(campaign)
    sent = count_sent(campaign)
    journey.run(moment(10, 18))
    assert count_sent(campaign) == sent > 0
    assert resume(campaign, now=journey.now).no_room == 0
    journey.run(moment(12, 10))
    add_contacts(NEWCOMERS, start=PEOPLE, zones=zones)
    campaign.refresh_from_db()
    assert add_people(campaign, now=journey.now).mails == NEWCOMERS
    journey.run(moment(17, 10))
    journey.now = moment(17, 14)
    journey.run(moment(32, 0))
    campaigns.finish_campaigns(now=journey.now)


def count_sent(campaign: Campaign) -> int:
    return campaign.invitations.filter(state="sent").count()


def check(campaign: Campaign) -> None:
    campaign.refresh_from_db()
    assert campaign.state == "finished"
    assert Counter(campaign.invitations.values_list("state", flat=True)) == {
        "sent": PEOPLE + NEWCOMERS
    }
    assert campaign.invitations.values("contact").distinct().count() == PEOPLE + NEWCOMERS
    rows = list(campaign.invitations.values_list("sent_at", "stratum", "contact__time_zone"))
    days: dict[dt.date, Counter[str]] = {}
    for sent_at, stratum, name in rows:
        assert sent_at
        days.setdefault(sent_at.astimezone(AMSTERDAM).date(), Counter())[stratum] += 1
        local = sent_at.astimezone(ZoneInfo(name) if name else AMSTERDAM)
        if campaign.clock == "recipient":
            assert campaign.day_start <= local.time() <= campaign.day_end
            assert local.weekday() in campaign.weekdays
    assert max(day.total() for day in days.values()) <= LIMIT
    check_strata(days, lanes=len(set(ZONES)) if campaign.clock == "recipient" else 1)


def check_strata(days: dict[dt.date, Counter[str]], *, lanes: int) -> None:
    """Each day is a run of neighbours of each calendar, cut off at both ends, and newcomers."""
    whole = sum(days.values(), Counter())
    for day in days.values():
        for stratum, people in whole.items():
            share = people / whole.total()
            bound = 2 * (1 + len(whole) * share / 2)
            assert abs(day[stratum] - day.total() * share) <= lanes * (bound + 3)


def test_thirty_days_around_the_end_of_summer_time() -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    add_contacts(PEOPLE, zones=[""])
    campaign = make_campaign(
        state="draft", first_day=dt.date(2026, 10, 3), window_days=30, daily_limit=LIMIT,
        weekdays=list(range(7)), day_start=dt.time(0), day_end=dt.time(23, 59), strata=["segment"],
    )  # fmt: skip

    travel(campaign, zones=[""])

    check(campaign)
    # The day of 25 hours has its mails all along, the hour that came twice included.
    midnight = dt.datetime(2026, 10, 25, tzinfo=AMSTERDAM).astimezone(dt.UTC)
    rows = campaign.invitations.filter(
        scheduled_for__gte=midnight, scheduled_for__lt=midnight + dt.timedelta(hours=25)
    )
    moments = list(rows.order_by("scheduled_for").values_list("scheduled_for", flat=True))
    gaps = [two - one for one, two in pairwise(moment for moment in moments if moment)]
    assert max(gaps) <= dt.timedelta(minutes=3)


def test_thirty_days_around_the_begin_of_summer_time_by_the_clock_of_each_recipient() -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    add_contacts(PEOPLE, zones=ZONES)
    campaign = make_campaign(
        state="draft", first_day=dt.date(2027, 3, 8), window_days=30, daily_limit=LIMIT,
        weekdays=list(range(7)), clock="recipient", strata=["segment"],
    )  # fmt: skip

    travel(campaign, zones=ZONES)

    check(campaign)
