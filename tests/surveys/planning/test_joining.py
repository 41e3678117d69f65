"""People who join a campaign under way: nobody else moves, no day is overfilled (mailing.md I6)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.models import Campaign, Contact, Invitation, Suppression
from surveys.planning.calendar import Slot
from surveys.planning.joining import add_people
from surveys.planning.plan import draw_plan, redraw_plan, rewrite_plan, write_plan
from surveys.planning.rooms import Rooms
from tests.factories import make_campaign, make_contact, make_invitation, make_organisation
from tests.properties import cases

# A Thursday, 10:00 in Amsterdam; the window has 22 working days until Friday the 30th.
NOW = dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def launch(**fields: Any) -> Campaign:
    campaign = make_campaign(
        **{"state": "draft", "first_day": NOW.date(), "window_days": 30} | fields
    )
    write_plan(campaign, draw_plan(campaign, now=NOW))
    campaign.launched_at, campaign.state = NOW, Campaign.State.RUNNING
    campaign.save()
    return campaign


@pytest.fixture(autouse=True)
def organisation(request: pytest.FixtureRequest) -> None:
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        make_organisation(time_zone="Europe/Amsterdam")


@pytest.mark.django_db
def test_newcomers_move_nobody_and_spread_over_what_is_left() -> None:
    for _ in range(44):
        make_contact()
    campaign = launch()
    before = list(campaign.invitations.order_by("pk").values())
    newcomers = {make_contact().pk for _ in range(36)}
    later = NOW + 4 * DAY  # Monday the 5th: twenty working days are left

    addition = add_people(campaign, now=later)

    assert addition.mails == 36
    assert list(campaign.invitations.exclude(contact__in=newcomers).order_by("pk").values()) == (
        before
    )
    rows = list(campaign.invitations.filter(contact__in=newcomers))
    days = Counter(row.scheduled_for.date() for row in rows if row.scheduled_for)
    assert days == addition.mails_by_day
    assert len(days) >= 18
    assert max(days.values()) <= 3
    assert min(row.scheduled_for for row in rows if row.scheduled_for) >= later


@pytest.mark.django_db
def test_newcomers_are_judged_like_all_others() -> None:
    known = make_contact()
    campaign = launch()
    blocked, tired = make_contact(), make_contact()
    Suppression.objects.create(
        address_hash=blocked.address_hash, scope="surveys", reason="unsubscribed"
    )
    other = make_campaign(first_day=NOW.date(), window_days=1, state="finished")
    make_invitation(campaign=other, contact=tired, state="sent", sent_at=NOW)
    Contact.objects.create(
        email="zelfde@klanten.example", address_hash=known.address_hash, first_name="Twee"
    )
    make_contact(email="", external_id="K-1")

    addition = add_people(campaign, now=NOW + DAY)

    assert (addition.mails, addition.left_out) == (
        0,
        {"suppressed": 1, "rested": 1, "duplicate": 1, "no_address": 1},
    )
    assert campaign.invitations.filter(state="skipped").count() == 4
    assert add_people(campaign, now=NOW + DAY).people == 0


@pytest.mark.django_db
def test_full_days_stay_full_and_the_rest_has_no_room() -> None:
    for _ in range(6):
        make_contact()
    campaign = launch(window_days=6, daily_limit=2)  # Thursday to Tuesday: 4 days, 8 places
    for _ in range(5):
        make_contact()

    addition = add_people(campaign, now=NOW)

    assert (addition.mails, addition.left_out) == (2, {"no_room": 3})
    planned = campaign.invitations.filter(state="scheduled")
    days = Counter(row.scheduled_for.date() for row in planned if row.scheduled_for)
    assert set(days.values()) == {2}


@pytest.mark.django_db
def test_new_plan_keeps_newcomers_between_the_others() -> None:
    for _ in range(20):
        make_contact()
    campaign = launch()
    for _ in range(9):
        make_contact()
    add_people(campaign, now=NOW)
    order = list(campaign.invitations.order_by("scheduled_for").values_list("pk", flat=True))

    rewrite_plan(campaign, redraw_plan(campaign, now=NOW + DAY))

    again = campaign.invitations.order_by("scheduled_for").values_list("pk", flat=True)
    assert list(again) == order


@pytest.mark.django_db
def test_only_the_chosen_join() -> None:
    make_contact()
    campaign = launch()
    chosen, other = make_contact(), make_contact()

    addition = add_people(campaign, among=Contact.objects.filter(pk=chosen.pk), now=NOW)

    assert addition.people == 1
    assert not Invitation.objects.filter(contact=other).exists()


@pytest.mark.django_db
def test_newcomer_in_another_zone_gets_a_moment_of_their_own_day() -> None:
    make_contact()
    campaign = launch(clock="recipient")
    make_contact(time_zone="Pacific/Auckland")

    add_people(campaign, now=NOW)

    row = campaign.invitations.get(contact__time_zone="Pacific/Auckland")
    assert row.scheduled_for is not None
    # 9 to 17 there, in summer time: 20:00 of the day before to 04:00 in UTC.
    assert row.scheduled_for.hour >= 19 or row.scheduled_for.hour < 4


SLOTS = [
    Slot(dt.date(2026, 10, day), start, start + dt.timedelta(hours=8))
    for day in range(1, 23)
    for start in [dt.datetime(2026, 10, day, 7, tzinfo=dt.UTC)]
]


@cases(100)
@given(
    people=st.integers(0, 300),
    limit=st.one_of(st.none(), st.integers(0, 20)),
    release=st.integers(0, 21),
    begin=st.integers(0, 10**7),
)
def test_rooms_are_taken_evenly_and_never_twice(
    people: int, limit: int | None, release: int, begin: int
) -> None:
    left = None if limit is None else {slot.day: limit for slot in SLOTS}
    rooms = Rooms(SLOTS, left)

    moments = [rooms.take(begin + number, release=release) for number in range(people)]

    days = 22 - release
    placed = [moment for moment in moments if moment]
    assert len(placed) == (people if limit is None else min(people, limit * days))
    counts = Counter(moment.date() for moment in placed)
    assert limit is None or max(counts.values(), default=0) <= limit
    assert all(moment >= SLOTS[release].start for moment in placed)
    if limit is None:
        # Each day is within three of its even share, from any number on (three-distance theorem).
        assert all(abs(counts[slot.day] - people / days) <= 3 for slot in SLOTS[release:])
