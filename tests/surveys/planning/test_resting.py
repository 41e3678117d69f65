"""The contact frequency rule in a plan: who waits, who is left out, and who was launched first."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.campaigns import describe_terms, launch
from surveys.models import Campaign, Contact, Invitation, Organisation, Suppression
from surveys.planning.plan import (
    Plan,
    draw_plan,
    list_left_out,
    list_recipients,
    redraw_plan,
    rewrite_plan,
    write_plan,
)
from surveys.planning.quotas import share_late, share_out_released
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_rehearsal,
    make_survey,
)
from tests.properties import cases
from tests.races import run_at_once

pytestmark = pytest.mark.django_db

# A Thursday, 10:00 in Amsterdam; the window of a draft closes on Friday the 30th at 17:00.
NOW = dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def organisation() -> Organisation:
    return make_organisation(time_zone="Europe/Amsterdam", rest_days=30)


def make_draft(**fields: Any) -> Campaign:
    return make_campaign(
        **{"state": Campaign.State.DRAFT, "first_day": dt.date(2026, 10, 1)} | fields
    )


def ask(contact: Contact, at: dt.datetime, **fields: Any) -> Invitation:
    """Somebody else's campaign asked them."""
    campaign = fields.pop("campaign", None) or make_campaign(
        first_day=at.date(), window_days=1, state="finished"
    )
    state = fields.pop("state", "sent")
    moment = {"sent_at": at} if state == "sent" else {}
    return make_invitation(
        campaign=campaign, contact=contact, state=state,
        **{"scheduled_for": at, "not_after": NOW + 60 * DAY} | moment | fields,
    )  # fmt: skip


def plan_and_write(campaign: Campaign, now: dt.datetime = NOW) -> Plan:
    plan = draw_plan(campaign, now=now)
    write_plan(campaign, plan)
    campaign.launched_at, campaign.state = now, Campaign.State.RUNNING
    campaign.save()
    return plan


def test_person_who_rests_beyond_the_window_is_left_out_with_the_reason() -> None:
    tired, fresh = make_contact(), make_contact()
    ask(tired, NOW - DAY / 24)
    campaign = make_draft()

    plan = plan_and_write(campaign)

    assert plan.left_out == {"rested": 1}
    assert list_left_out(plan, "rested", limit=5) == [tired]
    row = campaign.invitations.get(contact=tired)
    assert (row.state, row.reason, row.skipped_at) == ("skipped", "rested", NOW)
    assert row.rests_until == NOW - DAY / 24 + 30 * DAY
    assert campaign.invitations.get(contact=fresh).state == "scheduled"


def test_person_who_is_free_within_the_window_is_postponed() -> None:
    tired = make_contact()
    for _ in range(40):
        make_contact()
    ask(tired, NOW - 20 * DAY)
    campaign = make_draft()

    plan = plan_and_write(campaign)

    assert (plan.mails, plan.postponed, plan.left_out) == (41, 1, {})
    ((contact, moment),) = list_recipients(plan, limit=5, postponed=True)
    row = campaign.invitations.get(contact=tired)
    assert (contact, moment) == (tired, row.scheduled_for)
    assert row.scheduled_for is not None
    assert row.rests_until == NOW + 10 * DAY <= row.scheduled_for
    assert [moment for _, moment in list_recipients(plan, limit=50)] == list(
        campaign.invitations.order_by("scheduled_for").values_list("scheduled_for", flat=True)
    )


@pytest.mark.parametrize(
    ("state", "fields", "counts"),
    [
        ("sent", {}, True),
        ("unknown", {"unknown_since": NOW - DAY}, True),
        ("sending", {"intent_at": NOW - DAY}, True),
        ("scheduled", {}, True),
        ("claimed", {}, True),
        ("failed", {}, False),
        ("skipped", {}, False),
        ("scheduled", {"not_after": NOW - DAY}, False),
        ("sent", {"sequence": 1}, False),
    ],
)
def test_what_counts_as_asked(state: str, fields: dict[str, Any], counts: bool) -> None:
    ask(make_contact(), NOW - DAY, state=state, **fields)

    plan = draw_plan(make_draft(window_days=20), now=NOW)

    assert plan.left_out == ({"rested": 1} if counts else {})


def test_rule_counts_the_address_and_the_person() -> None:
    moved, heir = make_contact(email="was@klanten.example"), make_contact()
    ask(moved, NOW - DAY)
    heir.address_hash, moved.address_hash = moved.address_hash, "f" * 64
    heir.save()
    moved.save()

    plan = draw_plan(make_draft(window_days=20), now=NOW)

    assert plan.left_out == {"rested": 2}


@pytest.mark.parametrize(
    ("rule", "days", "left_out"),
    [
        ("organisation", None, {"rested": 1}),
        ("ignore", None, {}),
        ("own", 5, {}),
        ("own", 60, {"rested": 1}),
    ],
)
def test_survey_may_make_an_exception(rule: str, days: int | None, left_out: Any) -> None:
    ask(make_contact(), NOW - 6 * DAY)
    survey = make_survey(rest_rule=rule, rest_days=days)

    assert draw_plan(make_draft(survey=survey, window_days=20), now=NOW).left_out == left_out


def test_rule_can_be_switched_off(organisation: Organisation) -> None:
    ask(make_contact(), NOW - DAY)
    Organisation.objects.update(rest_days=0)

    assert draw_plan(make_draft(), now=NOW).left_out == {}


def test_what_a_survey_that_ignores_the_rule_asks_counts_for_others() -> None:
    campaign = make_campaign(
        survey=make_survey(rest_rule="ignore"), first_day=dt.date(2026, 9, 30), window_days=1
    )
    ask(make_contact(), NOW - DAY, campaign=campaign)

    assert draw_plan(make_draft(window_days=20), now=NOW).left_out == {"rested": 1}


def test_who_answered_this_survey_in_a_campaign_under_way_is_not_asked_again() -> None:
    survey = make_survey(rest_rule="ignore")
    running = make_campaign(survey=survey, state="running")
    over = make_campaign(survey=survey, state="finished")
    before = make_campaign(
        survey=survey, state="running", first_day=dt.date(2026, 9, 1), window_days=30
    )
    ask(make_contact(), NOW - 3 * DAY, campaign=before, answered_at=NOW - DAY)
    ask(make_contact(), NOW - 3 * DAY, campaign=running, answered_at=NOW - DAY)
    ask(make_contact(), NOW - 3 * DAY, campaign=over, answered_at=NOW - DAY)

    assert draw_plan(make_draft(survey=survey), now=NOW).left_out == {"answered": 1}


def test_erased_address_that_came_back_is_left_out_as_erased() -> None:
    contact = make_contact()
    Suppression.objects.create(address_hash=contact.address_hash, scope="all", reason="erased")

    assert draw_plan(make_draft(), now=NOW).left_out == {"erased": 1}


def test_postponed_people_keep_the_daily_limit() -> None:
    for number in range(12):
        contact = make_contact()
        if number < 8:
            ask(contact, NOW - 28 * DAY)  # free on Saturday, so on Monday
    campaign = make_draft(window_days=7, daily_limit=2)  # five open days, three from Monday on

    plan = plan_and_write(campaign)

    assert [(batch.mails, batch.late) for batch in plan.batches][:2] == [(2, 0), (2, 0)]
    assert sum(batch.late for batch in plan.batches) == 6
    assert plan.left_out == {"no_room": 2}
    for row in campaign.invitations.filter(state="scheduled", rests_until__isnull=False):
        assert row.rests_until
        assert row.scheduled_for
        assert row.rests_until <= row.scheduled_for


def test_window_that_is_over_leaves_no_room_for_anybody() -> None:
    ask(make_contact(), NOW)

    plan = draw_plan(make_draft(window_days=1), now=NOW + 3 * DAY)

    assert plan.left_out == {"no_room": 1}


def test_new_plan_keeps_the_rule() -> None:
    tired, late, fresh = make_contact(), make_contact(), make_contact()
    campaign = make_draft()
    plan_and_write(campaign)
    campaign.invitations.update(scheduled_for=NOW + 5 * DAY)
    ask(tired, NOW + 3 * DAY)
    ask(late, NOW - 15 * DAY)

    plan = redraw_plan(campaign, now=NOW + 4 * DAY)
    rewrite_plan(campaign, plan)

    assert plan.left_out == {"rested": 1}
    rows = {row.contact: row for row in campaign.invitations.all()}
    assert (rows[tired].reason, rows[tired].skipped_at) == ("rested", NOW + 4 * DAY)
    assert rows[late].scheduled_for is not None
    assert rows[late].scheduled_for >= NOW + 15 * DAY
    assert rows[fresh].state == "scheduled"
    assert rows[fresh].rests_until is None


def test_who_was_launched_first_does_not_yield_to_who_made_room_for_it() -> None:
    make_contact()
    first = make_draft()
    plan_and_write(first)
    Organisation.objects.update(rest_days=5)
    second = make_draft(first_day=dt.date(2026, 10, 5))
    plan_and_write(second)
    assert second.invitations.get().rests_until == NOW + 5 * DAY

    assert redraw_plan(first, now=NOW).left_out == {}


def test_reminder_follows_its_first_mail() -> None:
    contact = make_contact()
    campaign = make_draft()
    first = make_invitation(campaign=campaign, contact=contact, state="sent", sent_at=NOW - DAY)
    make_invitation(campaign=campaign, contact=contact, sequence=1, first=first)
    ask(contact, NOW - 2 * DAY)

    assert redraw_plan(campaign, now=NOW).left_out == {}


def test_preview_is_outdated_when_the_rule_changed() -> None:
    make_contact()
    campaign = make_draft()
    terms = describe_terms(campaign)

    Organisation.objects.update(rest_days=1)

    assert describe_terms(campaign) != terms


@pytest.mark.django_db(transaction=True)
def test_two_campaigns_launched_at_once_ask_nobody_twice() -> None:
    for _ in range(10):
        make_contact()
    drafts = [make_draft(window_days=20) for _ in range(2)]

    for draft in drafts:
        make_rehearsal(draft)

    def press(campaign: Campaign) -> Any:
        return lambda: launch(campaign, previewed=10, terms=describe_terms(campaign), now=NOW)

    raised = run_at_once(*map(press, drafts))

    asked = Invitation.objects.filter(state="scheduled").values_list("contact", flat=True)
    assert len(asked) == len(set(asked)) == 10
    assert [str(error) for error in raised] == ["Everybody in the audience is left out."]


RULE = cases(40)


@RULE
@given(
    asked=st.lists(st.one_of(st.none(), st.integers(0, 40 * 24)), min_size=1, max_size=25),
    days=st.integers(1, 30),
    limit=st.one_of(st.none(), st.integers(1, 4)),
    rest=st.integers(1, 40),
)
def test_plan_keeps_the_rule_and_counts_everybody(
    asked: list[int | None], days: int, limit: int | None, rest: int
) -> None:
    Invitation.objects.all().delete()
    Campaign.objects.all().delete()
    Contact.objects.all().delete()
    Organisation.objects.update(rest_days=rest)
    before = make_campaign(first_day=dt.date(2026, 8, 20), window_days=50, state="finished")
    moments = {}
    for hours in asked:
        contact = make_contact()
        if hours is not None:
            moments[contact.pk] = NOW - dt.timedelta(hours=hours)
            ask(contact, moments[contact.pk], campaign=before)
    campaign = make_draft(window_days=days, daily_limit=limit)

    plan = plan_and_write(campaign)

    rows = list(campaign.invitations.all())
    scheduled = [row for row in rows if row.state == "scheduled"]
    assert len(rows) == plan.people == len(asked)
    assert len(scheduled) == plan.mails
    assert Counter(row.reason for row in rows if row.reason) == plan.left_out
    for row in scheduled:
        assert row.scheduled_for is not None
        if row.contact_id in moments:
            assert row.scheduled_for >= moments[row.contact_id] + rest * DAY
    times = [row.scheduled_for for row in scheduled]
    assert len(times) == len(set(times))
    per_day = Counter(moment.date() for moment in times if moment)
    assert limit is None or max(per_day.values(), default=0) <= limit
    assert plan.postponed == sum(1 for row in scheduled if row.rests_until)


@cases(300)
@given(
    days=st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 9), st.integers(0, 30)),
        min_size=1,
        max_size=25,
    )
)
def test_quotas_never_ask_before_the_release_and_waste_no_room(
    days: list[tuple[int, int, int]],
) -> None:
    released, weights, limits = map(list, zip(*days, strict=True))

    quotas = share_out_released(released, weights=weights, limits=limits)
    late = share_late(quotas, released)

    assert len(quotas) == len(days)
    for quota, weight, limit, part in zip(quotas, weights, limits, late, strict=True):
        assert 0 <= part <= quota <= (limit if weight else 0)
    assert all(
        mails <= people
        for mails, people in zip(accumulate(quotas), accumulate(released), strict=True)
    )
    late_released = [0, *released[1:]]
    assert all(
        mails <= people
        for mails, people in zip(accumulate(late), accumulate(late_released), strict=True)
    )
    assert sum(quotas) - sum(late) <= released[0]
    # As many as could be asked at all: first come, first served finds the most.
    waiting = most = 0
    for people, weight, limit in days:
        waiting += people
        asked = min(waiting, limit if weight else 0)
        waiting, most = waiting - asked, most + asked
    assert sum(quotas) == most


def test_late_people_are_mixed_in_and_not_kept_for_the_end() -> None:
    quotas = share_out_released(
        [900, *([0] * 4), 100, *([0] * 24)], weights=[1] * 30, limits=[999] * 30
    )
    late = share_late(quotas, [900, *([0] * 4), 100, *([0] * 24)])

    assert max(quotas) - min(quotas) <= 1
    assert late[:5] == [0] * 5
    assert max(late[5:]) - min(late[5:]) <= 1
