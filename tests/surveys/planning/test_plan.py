"""Plans on rows: who is left out and why, what is written, what a new plan may touch."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from django.utils import timezone

from surveys.models import Campaign, Contact, Invitation, Suppression
from surveys.planning.plan import (
    draw_plan,
    list_left_out,
    list_recipients,
    redraw_plan,
    rewrite_plan,
    write_plan,
)
from tests.factories import make_campaign, make_contact, make_invitation, make_organisation

pytestmark = pytest.mark.django_db

# A Thursday, 10:00 in Amsterdam; the window has 22 working days until Friday the 30th.
NOW = dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def organisation() -> None:
    make_organisation(time_zone="Europe/Amsterdam")


def make_draft(**fields: Any) -> Campaign:
    return make_campaign(
        **{"state": Campaign.State.DRAFT, "first_day": dt.date(2026, 10, 1)} | fields
    )


def suppress(contact: Contact, scope: str = "surveys") -> None:
    Suppression.objects.create(
        address_hash=contact.address_hash, scope=scope, reason=Suppression.Reason.UNSUBSCRIBED
    )


def test_plan_tells_who_is_left_out_and_why() -> None:
    asked = [make_contact() for _ in range(3)]
    suppress(make_contact())
    suppress(make_contact(), scope="all")
    make_contact(email="")
    Contact.objects.create(
        email=asked[0].email.upper(), address_hash=asked[0].address_hash, first_name="Twee"
    )
    make_contact(properties={"segment": "Silver"})
    campaign = make_draft()

    plan = draw_plan(campaign, now=NOW)

    assert plan.mails == 4
    assert plan.left_out == {"suppressed": 2, "no_address": 1, "duplicate": 1}
    assert plan.people == Contact.objects.count()


def test_plan_counts_only_the_audience() -> None:
    make_contact(properties={"segment": "Silver"})
    gold = make_contact(properties={"segment": "Gold"})
    campaign = make_draft(audience=[{"property": "segment", "operator": "is", "values": ["gold"]}])

    plan = draw_plan(campaign, now=NOW)

    assert [contact for contact, _ in list_recipients(plan, limit=20)] == [gold]


def test_launch_within_the_opening_hours_starts_now() -> None:
    make_contact()

    plan = draw_plan(make_draft(), now=NOW)

    assert plan.first_at == NOW


@pytest.mark.parametrize(
    ("now", "first"),
    [
        # Friday evening and Saturday: Monday at nine. Before the first day: that day at nine.
        (dt.datetime(2026, 10, 2, 16, tzinfo=dt.UTC), dt.datetime(2026, 10, 5, 7, tzinfo=dt.UTC)),
        (dt.datetime(2026, 10, 3, 9, tzinfo=dt.UTC), dt.datetime(2026, 10, 5, 7, tzinfo=dt.UTC)),
        (dt.datetime(2026, 9, 20, 9, tzinfo=dt.UTC), dt.datetime(2026, 10, 1, 7, tzinfo=dt.UTC)),
    ],
)
def test_launch_outside_the_hours_starts_at_the_next_opening(
    now: dt.datetime, first: dt.datetime
) -> None:
    make_contact()

    assert draw_plan(make_draft(), now=now).first_at == first


def test_launch_behind_the_window_leaves_nobody_to_ask() -> None:
    make_contact()

    plan = draw_plan(make_draft(), now=NOW + dt.timedelta(days=40))

    assert (plan.mails, plan.no_room, plan.closes) == (0, 1, None)


def test_overflow_is_shown_and_never_squeezed_in() -> None:
    for _ in range(5):
        make_contact()
    campaign = make_draft(window_days=2, daily_limit=2)

    plan = draw_plan(campaign, now=NOW)

    assert [batch.mails for batch in plan.batches] == [2, 2]
    assert plan.left_out == {"no_room": 1}
    assert len(list_left_out(plan, "no_room", limit=10)) == 1


def test_what_is_written_is_what_was_previewed() -> None:
    for segment in ["Gold", "Silver"] * 15:
        make_contact(properties={"segment": segment})
    suppress(make_contact())
    campaign = make_draft(strata=["segment"], daily_limit=2, window_days=10)
    plan = draw_plan(campaign, now=NOW)
    previewed = list_recipients(plan, limit=100)
    no_room = list_left_out(plan, "no_room", limit=100)

    write_plan(campaign, plan)

    rows = campaign.invitations.order_by("scheduled_for", "id")
    scheduled = [(row.contact, row.scheduled_for) for row in rows.filter(state="scheduled")]
    assert scheduled == previewed
    assert {row.contact for row in rows.filter(reason="no_room")} == set(no_room)
    assert Counter(rows.values_list("state", "reason")) == {
        ("scheduled", ""): 14,
        ("skipped", "no_room"): 16,
        ("skipped", "suppressed"): 1,
    }


def test_written_rows_are_complete() -> None:
    contact = make_contact(properties={"segment": "Gold"})
    campaign = make_draft(strata=["segment", "contact.language"])

    write_plan(campaign, draw_plan(campaign, now=NOW))

    row = Invitation.objects.get()
    assert (row.contact, row.stratum, row.address_hash) == (
        contact,
        "Gold · nl",
        contact.address_hash,
    )
    assert row.not_after == dt.datetime(2026, 10, 30, 16, tzinfo=dt.UTC)
    assert (row.sequence, row.occasion, row.attempt, row.sent_at) == (0, "", 0, None)


def test_each_day_mirrors_the_audience() -> None:
    for number in range(60):
        make_contact(properties={"segment": "Gold" if number % 3 else "Silver"})
    campaign = make_draft(strata=["segment"], window_days=7, weekdays=list(range(7)))
    write_plan(campaign, draw_plan(campaign, now=NOW - dt.timedelta(days=1)))

    days: dict[dt.date, Counter[str]] = {}
    for row in campaign.invitations.all():
        assert row.scheduled_for
        days.setdefault(timezone.localdate(row.scheduled_for), Counter())[row.stratum] += 1

    assert len(days) == 7
    assert all(abs(day["Gold"] - 2 * day["Silver"]) <= 6 for day in days.values())


def test_new_plan_touches_only_what_still_waits() -> None:
    for _ in range(20):
        make_contact()
    campaign = make_draft(window_days=10)
    write_plan(campaign, draw_plan(campaign, now=NOW))
    gone = list(campaign.invitations.order_by("order_key", "id")[:5].values_list("pk", flat=True))
    Invitation.objects.filter(pk__in=gone).update(state="sent", sent_at=NOW)
    untouched = list(Invitation.objects.filter(pk__in=gone).order_by("pk").values())
    order = list(campaign.invitations.filter(state="scheduled").order_by("scheduled_for"))
    later = NOW + dt.timedelta(days=4)  # a Monday

    rewrite_plan(campaign, redraw_plan(campaign, now=later))

    assert list(Invitation.objects.filter(pk__in=gone).order_by("pk").values()) == untouched
    again = list(campaign.invitations.filter(state="scheduled").order_by("scheduled_for"))
    assert again == order
    moments = [row.scheduled_for for row in again if row.scheduled_for]
    assert len(moments) == 15
    assert min(moments) == later
    assert max(moments) < dt.datetime(2026, 10, 10, 15, tzinfo=dt.UTC)


def test_new_plan_at_the_same_moment_changes_nothing() -> None:
    for _ in range(7):
        make_contact()
    campaign = make_draft()
    write_plan(campaign, draw_plan(campaign, now=NOW))
    before = list(campaign.invitations.order_by("pk").values())

    rewrite_plan(campaign, redraw_plan(campaign, now=NOW))

    assert list(campaign.invitations.order_by("pk").values()) == before


def test_new_plan_skips_what_no_longer_fits() -> None:
    for _ in range(6):
        make_contact()
    campaign = make_draft(window_days=6, weekdays=list(range(7)), daily_limit=1)
    write_plan(campaign, draw_plan(campaign, now=NOW))

    rewrite_plan(campaign, redraw_plan(campaign, now=NOW + dt.timedelta(days=4)))

    assert Counter(campaign.invitations.values_list("state", "reason")) == {
        ("scheduled", ""): 2,
        ("skipped", "no_room"): 4,
    }


def test_new_plan_counts_what_left_today() -> None:
    campaign = make_campaign(first_day=NOW.date(), window_days=1, daily_limit=3)
    make_invitation(campaign=campaign, state="sent", sent_at=NOW - dt.timedelta(minutes=30))
    make_invitation(campaign=campaign, state="sent", sent_at=NOW - dt.timedelta(days=1))
    for _ in range(4):
        make_invitation(campaign=campaign)

    plan = redraw_plan(campaign, now=NOW)

    assert (plan.mails, plan.no_room) == (2, 2)
    assert plan.busiest == 3
