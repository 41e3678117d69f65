"""Several calendars under one daily limit, and every time zone there is (mailing.md I1 to I3)."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.models import Campaign, Contact, Invitation
from surveys.planning.calendar import Hours, Slot, open_slots
from surveys.planning.limits import limit_days, limit_of_day
from surveys.planning.openings import draw_lanes
from surveys.planning.plan import draw_plan, redraw_plan, rewrite_plan, write_plan
from surveys.planning.quotas import divide_limits, grow
from surveys.planning.schedule import spread_lanes
from surveys.sending.claim import claim_due
from surveys.sending.ledger import INVITATIONS
from surveys.sending.opening import find_open
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_sender,
)
from tests.properties import cases

# A Thursday, 10:00 in Amsterdam, 04:00 in New York, 17:00 in Tokyo.
NOW = dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ZONES = ["", "Europe/Paris", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe"]


@pytest.mark.parametrize("first", [dt.date(2026, 10, 1), dt.date(2027, 3, 1)])
def test_every_time_zone_keeps_its_local_rules_across_clock_changes(first: dt.date) -> None:
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        hours = Hours(zone, frozenset({0, 1, 2, 3, 4}), dt.time(9), dt.time(17))
        last = first + 45 * DAY
        slots = list(open_slots(hours, first=first, last=last, not_before=NOW - 30 * DAY))
        assert len(slots) >= 31, name
        for slot in slots:
            for moment in (slot.start, slot.end - dt.timedelta(microseconds=1)):
                local = moment.astimezone(zone)
                assert (local.date(), dt.time(9) <= local.time() < dt.time(17)) == (slot.day, True)


def make_lanes(shifts: list[int], days: int) -> list[list[Slot]]:
    midnight = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    starts = [[midnight + day * DAY + shift * DAY / 24 for day in range(days)] for shift in shifts]
    return [
        [Slot((midnight + day * DAY).date(), start, start + DAY / 3) for day, start in enumerate(s)]
        for s in starts
    ]


@cases(150)
@given(
    people=st.lists(
        st.dictionaries(st.integers(0, 5), st.integers(0, 40), max_size=4), min_size=1, max_size=6
    ),
    days=st.integers(6, 12),
    limit=st.integers(0, 30),
    passed=st.integers(0, 2),
)
def test_lanes_share_a_limit_and_waste_nothing_of_it(
    people: list[dict[int, int]], days: int, limit: int, passed: int
) -> None:
    lanes = make_lanes(list(range(len(people))), days)
    # Of the first calendars today is over already.
    lanes = [slots[1:] if number < passed else slots for number, slots in enumerate(lanes)]
    limits = {slot.day: limit for slots in lanes for slot in slots}

    spreads = spread_lanes(people, lanes, limits=limits)

    used = dict.fromkeys(limits, 0)
    for counts, slots, batches in zip(people, lanes, spreads, strict=True):
        for batch in batches:
            used[batch.slot.day] += batch.mails
        for last in range(len(slots)):
            released = sum(count for slot, count in counts.items() if slot <= last)
            mails = sum(batch.mails for batch in batches if batch.slot.day <= slots[last].day)
            assert mails <= released
    assert max(used.values(), default=0) <= limit
    for counts, slots, batches in zip(people, lanes, spreads, strict=True):
        if sum(batch.mails for batch in batches) < sum(counts.values()):
            latest = max(slot for slot, count in counts.items() if count)
            assert all(used[slot.day] == limit for slot in slots[latest:])


@cases(150)
@given(
    limits=st.lists(st.integers(0, 40), min_size=1, max_size=40),
    people=st.lists(st.integers(0, 1000), min_size=1, max_size=8),
)
def test_shares_of_a_limit_add_up_and_follow_the_numbers(
    limits: list[int], people: list[int]
) -> None:
    shares = divide_limits(limits, people=people, open_for=[[True] * len(limits)] * len(people))

    for day, limit in enumerate(limits):
        assert sum(share[day] for share in shares) == (limit if sum(people) else 0)
    for size, share in zip(people, shares, strict=True):
        assert min(share) >= 0
        if sum(people):
            # Within a whole of its part for each other group, over however many days.
            assert abs(sum(share) - sum(limits) * size / sum(people)) <= len(people)


@cases(100)
@given(start=st.integers(1, 500), more=st.integers(0, 10_000), days=st.integers(2, 60))
def test_slow_start_never_falls_and_ends_at_the_limit(start: int, more: int, days: int) -> None:
    rising = grow(start, start + more, days)

    assert len(rising) == days
    assert rising == sorted(rising)
    assert (rising[0], rising[-1]) == (start, start + more)


@pytest.mark.django_db
def test_slow_start_limits_the_first_days_also_after_a_pause() -> None:
    organisation = make_organisation(time_zone="Europe/Amsterdam")
    for _ in range(30):
        make_contact()
    campaign = make_campaign(
        state="draft", first_day=NOW.date(), window_days=12, daily_limit=16, ramp_start=1,
        ramp_days=5,
    )  # fmt: skip

    plan = draw_plan(campaign, now=NOW)

    limits = limit_days(campaign, organisation, today=NOW.date()) or {}
    assert list(limits.values()) == [1, 2, 4, 8, *[16] * 4]
    assert list(plan.mails_by_day.values())[:2] == [1, 2]
    later = redraw_plan(campaign, now=NOW + 4 * DAY)
    assert later.mails == 0


@pytest.mark.django_db
def test_each_person_is_planned_by_their_own_clock() -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    for number in range(40):
        make_contact(time_zone=ZONES[number % 5])
    make_contact(time_zone="Mars/Olympus")
    campaign = make_campaign(
        state="draft", first_day=NOW.date(), window_days=12, clock="recipient", daily_limit=7
    )

    plan = draw_plan(campaign, now=NOW)
    write_plan(campaign, plan)

    # Paris has Amsterdam's hours, so it needs no calendar of its own.
    assert len(plan.lanes) == 4
    assert plan.mails == 41
    assert max(plan.mails_by_day.values()) <= 7
    for row in campaign.invitations.select_related("contact"):
        assert row.contact
        assert row.scheduled_for
        assert row.not_after
        name = row.contact.time_zone
        local = row.scheduled_for.astimezone(ZoneInfo(name if name in ZONES and name else "CET"))
        assert (local.weekday() < 5, 9 <= local.hour < 17) == (True, True)
        assert row.scheduled_for < row.not_after


@pytest.mark.django_db
@cases(12)
@given(
    people=st.integers(1, 30),
    gone=st.integers(0, 30),
    limit=st.one_of(st.none(), st.integers(1, 5)),
    hours=st.integers(0, 24 * 14),
    clock=st.sampled_from(["organisation", "recipient"]),
)
def test_new_plan_keeps_the_order_and_changes_nothing_the_second_time(
    people: int, gone: int, limit: int | None, hours: int, clock: str
) -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    Invitation.objects.all().delete()
    Campaign.objects.all().delete()

    Contact.objects.all().delete()
    for number in range(people):
        make_contact(time_zone=ZONES[number % 5])
    campaign = make_campaign(
        state="draft", first_day=NOW.date(), window_days=12, clock=clock, daily_limit=limit
    )
    write_plan(campaign, draw_plan(campaign, now=NOW))
    waiting = campaign.invitations.filter(state="scheduled").order_by("scheduled_for", "pk")
    sent = list(waiting.values_list("pk", flat=True)[:gone])
    Invitation.objects.filter(pk__in=sent).update(state="sent", sent_at=NOW)
    untouched = list(campaign.invitations.exclude(state="scheduled").order_by("pk").values())
    orders = {name: [row.pk for row in waiting.filter(contact__time_zone=name)] for name in ZONES}
    later = NOW + hours * DAY / 24

    plan = redraw_plan(campaign, now=later)
    rewrite_plan(campaign, plan)
    once = list(campaign.invitations.order_by("pk").values())
    again = redraw_plan(campaign, now=later)
    rewrite_plan(campaign, again)

    assert (again.mails, again.no_room) == (plan.mails, 0)
    if len(plan.lanes) == 1 or not plan.no_room:
        # Without those who found no room, the lanes have other parts of the limit.
        assert list(campaign.invitations.order_by("pk").values()) == once
    kept = [row["id"] for row in untouched]
    assert [row for row in once if row["id"] in kept] == untouched
    for name, before in orders.items():
        after = list(waiting.filter(contact__time_zone=name).values_list("pk", flat=True))
        assert after == [pk for pk in before if pk in after]
    closes = [
        lane.slots[-1].end for lane in draw_lanes(campaign, make_organisation(), not_before=NOW)
    ]
    for row in waiting:
        assert row.scheduled_for
        assert later <= row.scheduled_for < max(closes)


@pytest.mark.django_db
def test_late_mail_waits_for_the_morning_of_its_recipient() -> None:
    organisation = make_organisation(time_zone="Europe/Amsterdam")
    campaign = make_campaign(clock="recipient")

    zones = find_open(campaign, organisation, now=NOW)

    assert isinstance(zones, frozenset)
    assert {"", "Europe/Paris", "Africa/Cairo"} <= zones
    assert zones.isdisjoint({"America/New_York", "Asia/Tokyo", "Pacific/Auckland"})
    evening = find_open(campaign, organisation, now=NOW + 12 * DAY / 24)
    assert isinstance(evening, frozenset)
    assert "" not in evening


@pytest.mark.django_db(transaction=True)
def test_claim_takes_late_mail_only_where_it_is_day() -> None:
    campaign = make_campaign(clock="recipient")
    for name in ("America/New_York", "Europe/Paris", ""):
        make_invitation(
            campaign=campaign, contact=make_contact(time_zone=name), scheduled_for=NOW - DAY,
            not_after=NOW + 30 * DAY,
        )  # fmt: skip

    claim = claim_due(
        INVITATIONS, campaign.pk, limit=5, late_too=frozenset({"Europe/Paris", ""}), now=NOW
    )

    names = {
        row.contact.time_zone for row in claim.rows if isinstance(row, Invitation) and row.contact
    }
    assert names == {"Europe/Paris", ""}


@pytest.mark.django_db
def test_no_day_is_planned_beyond_what_its_sender_may_send() -> None:
    organisation = make_organisation(time_zone="Europe/Amsterdam")
    for _ in range(90):
        make_contact()
    sender = make_sender(warm_up_start=2, warm_up_end=8, warm_up_days=3)
    campaign = make_campaign(
        state="draft", first_day=NOW.date(), window_days=12, daily_limit=None, sender=sender
    )

    limits = limit_days(campaign, organisation, today=NOW.date()) or {}

    assert list(limits.values())[:3] == [2, 4, 8]
    assert list(draw_plan(campaign, now=NOW).mails_by_day.values())[:3] == [2, 4, 8]
    assert limit_of_day(campaign, organisation, NOW.date()) is None
