"""Recovery, gestures and members: who is counted where, by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from closeloop.models import Activity
from closeloop.reports.members import list_member_numbers
from closeloop.reports.recovery import Recovery, compare_recovery, list_gestures
from responses.models import Response
from responses.scoring import share_interval
from surveys.models import Survey
from tests.closeloop.loop_rows import (
    DAY,
    HOUR,
    MONDAY,
    NOW,
    answered,
    closed,
    contacted,
    read,
    write,
)
from tests.factories import make_organisation, make_response, make_survey, make_user

pytestmark = pytest.mark.django_db
BEFORE = MONDAY - 60 * DAY


@pytest.fixture
def survey() -> Survey:
    make_organisation(time_zone="Europe/Amsterdam", holiday_country="")
    return make_survey()


def answer_again(first: Response, score: int, *, survey: Survey | None = None) -> None:
    contact = first.contact
    make_response(
        survey=survey or first.survey,
        contact=contact,
        score=score,
        answered_at=MONDAY,
        channel="import",
    )


def groups() -> dict[str, tuple[int, int, int]]:
    found = compare_recovery(read())
    return {row.group: (row.former, row.again, row.recovered) for row in found}


def test_recovery_is_told_beside_those_not_contacted(survey: Survey) -> None:
    # Contacted: three, of whom two answered again (8 and 4), one of them 7 or more.
    for score in (8, 4, None):
        follow_up = contacted(BEFORE, after=HOUR, score=2, survey=survey)
        if score is not None:
            answer_again(follow_up.response, score)
    # Not contacted: one who now says 7.
    answer_again(closed(answered(BEFORE, score=5, survey=survey)).response, 7)

    assert groups() == {
        "contacted": (3, 2, 1),
        "with_gesture": (0, 0, 0),
        "without_gesture": (3, 2, 1),
        "not_contacted": (1, 1, 1),
    }


def test_contact_after_the_next_answer_does_not_count_for_it(survey: Survey) -> None:
    follow_up = contacted(BEFORE, after=70 * DAY, score=2, survey=survey)
    answer_again(follow_up.response, 9)

    assert groups()["contacted"] == (0, 0, 0)
    assert groups()["not_contacted"] == (1, 1, 1)


def test_only_the_next_answer_to_the_same_survey_counts(survey: Survey) -> None:
    follow_up = contacted(BEFORE, after=HOUR, score=2, survey=survey)
    answer_again(follow_up.response, 10, survey=make_survey())

    assert groups()["contacted"] == (1, 0, 0)


def test_erased_people_are_in_no_group(survey: Survey) -> None:
    follow_up = contacted(BEFORE, after=HOUR, score=2, survey=survey)
    Response.objects.filter(pk=follow_up.response_id).update(contact=None)

    assert groups()["contacted"] == (0, 0, 0)
    assert groups()["not_contacted"] == (0, 0, 0)


def test_rate_is_told_from_thirty_on() -> None:
    few = Recovery(group="contacted", former=40, again=29, recovered=20)
    enough = Recovery(group="contacted", former=40, again=30, recovered=20)

    assert few.share is None
    assert enough.share is not None
    assert round(enough.share.value, 3) == 0.667


def test_wilson_interval_by_hand() -> None:
    # 20 of 30 with z = 1.959964: z² = 3.841459, denominator 1 + z²/30 = 1.128049, centre
    # (0.666667 + 0.064024) / 1.128049 = 0.647747, margin sqrt(z² (0.222222 / 30 + 0.001067)) / …
    # = 0.180405 / 1.128049 = 0.159927.
    share = share_interval(20, 30)

    assert share is not None
    assert (round(share.low, 4), round(share.high, 4)) == (0.4878, 0.8077)
    assert share_interval(0, 0) is None
    none = share_interval(0, 5)
    assert none is not None
    assert (none.low, round(none.high, 6)) == (0.0, 0.434482)


def test_gestures_add_up_with_their_cost_and_recovery(survey: Survey) -> None:
    follow_up = contacted(BEFORE, after=HOUR, score=2, survey=survey)
    for cost in ("12.50", "7.25"):
        details = {"what": "Flowers", "cost": cost}
        write(follow_up, Activity.Kind.GESTURE, at=BEFORE + DAY, details=details)
    answer_again(follow_up.response, 8)
    broken = {"what": "Voucher", "cost": "?"}
    write(contacted(MONDAY, after=HOUR), Activity.Kind.GESTURE, at=NOW, details=broken)

    found = list_gestures(read())

    told = [(g.what, g.n, g.cost, g.recovered) for g in found.listed]
    assert told == [("Flowers", 2, Decimal("19.75"), 2), ("Voucher", 1, Decimal(0), 0)]
    assert (found.n, found.cost) == (3, Decimal("19.75"))
    assert groups()["with_gesture"] == (1, 1, 1)


def test_member_keeps_contact_and_closing_when_the_follow_up_changes_hands(survey: Survey) -> None:
    anna, bert = make_user(name="Anna"), make_user(name="Bert")
    follow_up = closed(contacted(MONDAY, after=HOUR, owner=anna, survey=survey))
    follow_up.owner = bert
    follow_up.save()

    (numbers,) = list_member_numbers(read())

    assert (numbers.user, numbers.contacted, numbers.in_time) == (anna, 1, 1)
    assert numbers.closed == 1


def test_member_s_median_needs_five_contacts_and_overdue_is_the_present_owner_s(
    survey: Survey,
) -> None:
    # Anna reached five after 1 to 5 hours: the median is 3. Bert reached one, and one is overdue.
    anna, bert = make_user(name="Anna"), make_user(name="Bert")
    for hours in range(1, 6):
        contacted(MONDAY, after=hours * HOUR, owner=anna, survey=survey)
    contacted(MONDAY, after=HOUR, owner=bert, survey=survey)
    answered(MONDAY, owner=bert, survey=survey, due_at=MONDAY + DAY)

    first, second = list_member_numbers(read())

    assert (first.contacted, first.median) == (5, dt.timedelta(hours=3))
    assert (second.contacted, second.median, second.overdue) == (1, None, 1)
