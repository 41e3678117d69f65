"""Is the loop closed: worked numbers, and what may not flatter them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from closeloop.closing import reopen
from closeloop.models import Activity, FollowUp, RootCause
from closeloop.reports.backlog import count_backlog
from closeloop.reports.cohort import Part
from closeloop.reports.loop import LoopClosed, add_up, list_weeks, loop_closed
from closeloop.reports.loop_rows import OF_DETRACTORS
from closeloop.reports.results import count_causes, list_outcomes
from closeloop.reports.waiting import list_first_contacts
from closeloop.settling import notice_returned, settle_replies
from npsapp.models import User
from responses.models import Response
from responses.selection import Selection
from tests.closeloop.loop_rows import (
    DAY,
    HOUR,
    MONDAY,
    NOW,
    ZONE,
    answered,
    closed,
    contacted,
    read,
    replied,
)
from tests.factories import (
    make_campaign,
    make_invitation,
    make_organisation,
    make_property,
    make_response,
    make_survey,
    make_test,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def organisation() -> None:
    make_organisation(time_zone="Europe/Amsterdam", holiday_country="")


def test_loop_counts_contacts_and_puts_silent_closings_beside() -> None:
    # Five answered: two spoken to (one of them closed), one closed without a word, two open.
    contacted(MONDAY, after=HOUR)
    closed(contacted(MONDAY, after=2 * HOUR))
    closed(answered(), outcome="no_address")
    answered()
    answered()

    loop = loop_closed(Selection(zone=ZONE), now=NOW)

    assert loop == LoopClosed(contacted=2, without=1, waiting=2)
    # 2 of 5.
    assert loop.percentage == 40
    assert sum(loop.shares) == 100


def test_percentage_is_rounded_down() -> None:
    # 299 of 300 is 99.67 %: not everybody.
    assert LoopClosed(contacted=299, without=0, waiting=1).percentage == 99
    assert LoopClosed(contacted=0, without=0, waiting=0).percentage is None


def test_contact_belongs_to_the_week_of_the_answer() -> None:
    # Answered on Sunday, spoken to on Monday; one more answered on that Monday, and waits.
    contacted(MONDAY - 12 * HOUR, after=DAY)
    answered(MONDAY)

    weeks = list_weeks(read())

    assert [(week.first, week.counts) for week in weeks] == [
        (dt.date(2026, 2, 23), (1, 0, 0)),
        (dt.date(2026, 3, 2), (0, 0, 1)),
    ]


def test_week_without_answers_stands_there_empty() -> None:
    answered(MONDAY - 14 * DAY)
    answered(MONDAY)

    weeks = list_weeks(read())

    assert [week.n for week in weeks] == [1, 0, 1]
    assert weeks[1].percentage is None


def test_call_that_nobody_answered_and_a_note_are_no_contact(agent: User) -> None:
    follow_up = answered(owner=agent)
    Activity.objects.create(
        follow_up=follow_up, kind="call", at=NOW, version=2, details={"reached": False}
    )
    Activity.objects.create(follow_up=follow_up, kind="note", at=NOW, version=3)

    assert loop_closed(Selection(zone=ZONE), now=NOW).counts == (0, 0, 1)


def test_reply_that_came_back_is_no_contact() -> None:
    # The server took it, so the first contact was noted; then it bounced and they wait again.
    follow_up = answered(first_contacted_at=MONDAY + HOUR, awaiting_contact=False)
    replied(follow_up, at=MONDAY + HOUR, delivery_status="bounced")
    notice_returned(now=NOW)

    assert loop_closed(Selection(zone=ZONE), now=NOW).counts == (0, 0, 1)

    again = replied(follow_up, at=MONDAY + 2 * HOUR)
    Activity.objects.filter(pk=again.pk).update(mail_settled_at=None)
    settle_replies(now=NOW)
    assert loop_closed(Selection(zone=ZONE), now=NOW).counts == (1, 0, 0)


def test_excluding_an_answer_does_not_take_its_person_out() -> None:
    follow_up = answered(score=1)
    Response.objects.filter(pk=follow_up.response_id).update(status="excluded")
    contacted(MONDAY, after=HOUR)

    assert loop_closed(Selection(zone=ZONE), now=NOW).counts == (1, 0, 1)


def test_test_answers_and_imported_history_are_counted_nowhere() -> None:
    make_test()
    make_response(channel="import", answered_at=MONDAY)

    assert loop_closed(Selection(zone=ZONE), now=NOW).n == 0


def test_selection_narrows_to_campaign_days_and_property() -> None:
    make_property(key="region", is_segment=True)
    campaign = make_campaign()
    invitation = make_invitation(campaign=campaign, state="sent")
    answered(MONDAY, invitation=invitation, properties={"region": "North"})
    answered(MONDAY + 3 * DAY, survey=make_survey())

    of_campaign = Selection(zone=ZONE, campaign=campaign)
    of_monday = Selection(zone=ZONE, first=MONDAY.date(), last=MONDAY.date())

    assert loop_closed(of_campaign, now=NOW).n == 1
    assert loop_closed(of_monday, now=NOW).n == 1
    assert loop_closed(Selection(zone=ZONE), now=NOW).n == 2


def test_backlog_is_of_all_days_and_by_age() -> None:
    # Ages on the Monday after: 7 days (in "3 to 7"), 8 days (in "7 to 14"), 2 hours.
    answered(MONDAY, due_at=NOW - DAY)
    answered(MONDAY - DAY, due_at=NOW + DAY)
    answered(NOW - 2 * HOUR, due_at=NOW + DAY, snoozed_until=NOW + HOUR)
    closed(answered(MONDAY))

    today = read(first=NOW.date(), last=NOW.date())
    backlog = count_backlog(today)

    assert [age.n for age in backlog.ages] == [1, 0, 1, 1, 0, 0]
    assert [age.overdue for age in backlog.ages] == [0, 0, 1, 0, 0, 0]
    assert (backlog.n, backlog.overdue, backlog.snoozed) == (3, 1, 1)


def test_outcomes_are_of_what_is_closed_now(manager: User) -> None:
    # Solved, solved, thanked: 66.7 % and 33.3 %; a closing that was taken back is none.
    closed(answered())
    closed(answered())
    closed(answered(), outcome="thanked")
    again = closed(answered())
    reopen(again, text="", user=manager, version=again.version, now=NOW)

    came = [(each.outcome, each.n, str(each.share)) for each in list_outcomes(read())]

    assert came == [("solved", 2, "66.7"), ("thanked", 1, "33.3")]


def test_causes_have_shares_of_their_month() -> None:
    late, price = make_causes("Delivery late", "Price")
    # February: late twice, price once. March: price once.
    february = MONDAY - 10 * DAY
    for cause, at in ((late, february), (late, february), (price, february), (price, MONDAY)):
        closed(answered(at, score=3), root_cause=cause)

    found = count_causes(read())

    assert found.months == [(dt.date(2026, 2, 1), 3), (dt.date(2026, 3, 1), 1)]
    shares = {c.label: [(m.n, str(m.share)) for m in c.months] for c in found.causes}
    assert shares == {
        "Delivery late": [(2, "66.7"), (0, "0.0")],
        "Price": [(1, "33.3"), (1, "100.0")],
    }


def make_causes(*labels: str) -> list[RootCause]:
    return [RootCause.objects.get_or_create(label=label)[0] for label in labels]


KINDS = ["waiting", "late_waiting", "without", "contacted", "closed", "late", "returned"]


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(kinds=st.lists(st.sampled_from(KINDS), max_size=12), days=st.integers(0, 20))
def test_parts_add_up_to_everybody(kinds: list[str], days: int) -> None:
    FollowUp.everything.all().delete()
    for index, kind in enumerate(kinds):
        place(kind, at=MONDAY - (index * days % 40) * DAY)
    cohort = read()
    count = {part: cohort.select(part).count() for part in Part if part not in OF_DETRACTORS}

    weeks = list_weeks(cohort)
    loop = add_up(weeks)

    assert loop.n == count[Part.ALL] == len(kinds)
    assert loop.counts == (count[Part.CONTACTED], count[Part.WITHOUT], count[Part.WAITING])
    assert count[Part.IN_TIME] + count[Part.LATE] == count[Part.CONTACTED]
    assert count[Part.MISSED] + count[Part.NOT_DUE] == count[Part.WAITING]
    assert all(sum(week.shares) == 100 for week in weeks if week.n)
    assert count_backlog(cohort).n == count[Part.BACKLOG]
    assert sum(came.n for came in list_outcomes(cohort)) == count[Part.CLOSED]
    everybody = next(iter(list_first_contacts(cohort)), None)
    assert (everybody.n if everybody else 0) == len(kinds)


def place(kind: str, *, at: dt.datetime) -> None:
    if kind in ("waiting", "late_waiting"):
        answered(at, due_at=NOW + DAY if kind == "waiting" else NOW - DAY)
    elif kind == "without":
        closed(answered(at))
    elif kind == "returned":
        replied(answered(at, first_contacted_at=at, awaiting_contact=True), at=at, state="failed")
    else:
        late: dict[str, Any] = {"due_at": at} if kind == "late" else {}
        reached = contacted(at, after=HOUR, **late)
        if kind == "closed":
            closed(reached)
