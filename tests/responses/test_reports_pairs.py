"""Which two answers are a pair: the same customer, the same order, before and then after."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.models import Response
from responses.pair_rows import CATEGORIES, find_before
from responses.reports.pairs import (
    STEPS,
    PairList,
    Table,
    add_tables,
    count_pairs,
    count_pairs_by,
)
from responses.selection import Selection
from surveys.filtering import PropertyFilter
from surveys.models import Survey
from tests.factories import make_campaign, make_contact, make_invitation, make_property
from tests.properties import cases
from tests.responses.deliveries import DAY, deliver, make_surveys, say

pytestmark = pytest.mark.django_db
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = dt.datetime(2026, 5, 20, 12, tzinfo=dt.UTC)
NONE: Table = ((0, 0, 0), (0, 0, 0), (0, 0, 0))


def of(survey: Survey, **fields: object) -> Selection:
    return Selection(zone=AMSTERDAM, survey=survey, **fields)  # type: ignore[arg-type]


def found(survey: Survey) -> list[tuple[int, int]]:
    """The scores before and after of every pair."""
    table = count_pairs(of(survey))
    pairs = PairList(of(survey), "", n=sum(map(sum, table)))
    return [(pair.before.score, pair.after.score) for pair in pairs[:100]]


def test_pairs_fill_the_table_they_were_answered_in() -> None:
    _before, after = make_surveys()
    table = ((2, 1, 0), (0, 3, 1), (1, 2, 4))

    deliver(after, table, NOW)

    assert count_pairs(of(after)) == table


def test_answers_of_two_orders_are_two_pairs() -> None:
    before, after = make_surveys()
    contact = make_contact()
    for order, first, second in (("A1", 9, 3), ("A2", 7, 10)):
        say(before, contact, first, NOW, occasion=order)
        say(after, contact, second, NOW + 5 * DAY, occasion=order)

    assert sorted(found(after)) == [(7, 10), (9, 3)]


def test_orders_pair_only_with_themselves() -> None:
    before, after = make_surveys()
    contact = make_contact()
    say(before, contact, 9, NOW, occasion="A1")
    say(after, contact, 3, NOW + DAY, occasion="A2")
    say(after, contact, 3, NOW + DAY, occasion="")

    assert found(after) == []


def test_of_two_answers_to_one_survey_the_first_is_kept() -> None:
    before, after = make_surveys()
    contact = make_contact()
    for day, survey, score in ((0, before, 9), (2, before, 1), (9, after, 7), (11, after, 10)):
        say(survey, contact, score, NOW + day * DAY)

    assert found(after) == [(9, 7)]


def test_next_order_of_a_customer_without_numbers_is_a_pair_of_its_own() -> None:
    before, after = make_surveys()
    contact = make_contact()
    for day, survey, score in ((0, before, 9), (7, after, 7), (50, before, 10), (57, after, 2)):
        say(survey, contact, score, NOW + day * DAY)

    assert found(after) == [(10, 2), (9, 7)]


def test_answer_after_must_come_after() -> None:
    before, after = make_surveys()
    contact = make_contact()
    say(after, contact, 9, NOW)
    say(before, contact, 9, NOW)
    say(before, contact, 8, NOW + DAY)

    assert found(after) == []


@pytest.mark.parametrize(("days", "expected"), [(120, [(9, 3)]), (121, [])])
def test_answers_too_far_apart_are_no_pair(days: int, expected: list[tuple[int, int]]) -> None:
    before, after = make_surveys()
    contact = make_contact()
    say(before, contact, 9, NOW)
    say(after, contact, 3, NOW + days * DAY)

    assert found(after) == expected


def test_first_answer_within_the_days_is_taken_when_an_older_one_is_too_far() -> None:
    before, after = make_surveys(pair_days=30)
    contact = make_contact()
    for day, survey, score in ((0, before, 9), (20, before, 8), (40, after, 3)):
        say(survey, contact, score, NOW + day * DAY)

    assert found(after) == [(8, 3)]


@pytest.mark.parametrize("status", ["provisional", "excluded"])
def test_answer_that_is_not_counted_is_in_no_pair(status: str) -> None:
    before, after = make_surveys()
    contact = make_contact()
    say(before, contact, 9, NOW, status=status)
    say(before, contact, 7, NOW + DAY)
    say(after, contact, 3, NOW + 2 * DAY)
    say(after, make_contact(), 3, NOW, status=status)

    assert found(after) == [(7, 3)]


def test_erased_people_drop_out_of_their_pairs() -> None:
    _before, after = make_surveys()
    deliver(after, ((0, 0, 0), (0, 0, 0), (1, 0, 1)), NOW)

    Response.objects.filter(survey=after, score=3).update(contact=None)

    assert found(after) == [(10, 10)]


def test_pair_belongs_to_the_day_of_its_second_answer() -> None:
    before, after = make_surveys()
    contact = make_contact()
    say(before, contact, 9, NOW - 40 * DAY)
    say(after, contact, 3, NOW)
    today = NOW.date()

    on_the_day = count_pairs(of(after, first=today, last=today))
    day_before = count_pairs(of(after, first=today - 60 * DAY, last=today - DAY))

    assert (on_the_day[2][0], day_before) == (1, NONE)


def test_period_cuts_no_pair_in_two() -> None:
    """An answer after of before the period ends a turn, also when the period leaves it out."""
    before, after = make_surveys()
    contact = make_contact()
    say(before, contact, 9, NOW - 60 * DAY)
    say(after, contact, 7, NOW - 50 * DAY)
    say(after, contact, 3, NOW)

    assert count_pairs(of(after, first=NOW.date())) == NONE


def test_pairs_of_a_segment_go_by_the_second_answer() -> None:
    _before, after = make_surveys()
    make_property(key="land", label="Land", is_segment=True)
    deliver(after, ((0, 0, 0), (0, 0, 0), (2, 0, 0)), NOW, properties={"land": "België"})
    deliver(after, ((0, 0, 0), (0, 0, 0), (0, 0, 3)), NOW, properties={"land": "100%s"})
    deliver(after, ((1, 0, 0), (0, 0, 0), (0, 0, 0)), NOW)

    by_land = count_pairs_by(of(after), "land")

    narrowed = of(after, filters=(PropertyFilter("land", ("België",)),))
    assert count_pairs(narrowed) == by_land["België"] == ((0, 0, 0), (0, 0, 0), (2, 0, 0))
    assert by_land["100%s"][2][2] == 3
    assert add_tables(list(by_land.values())) == count_pairs(of(after))


def test_pairs_of_a_campaign_are_those_whose_second_answer_it_brought() -> None:
    before, after = make_surveys()
    campaign = make_campaign(survey=after)
    for number in range(2):
        contact = make_contact()
        say(before, contact, 9, NOW)
        asked = make_invitation(campaign=campaign, contact=contact) if number else None
        channel = "mail" if number else "import"
        say(after, contact, 3, NOW + DAY, invitation=asked, channel=channel)

    assert count_pairs(of(after, campaign=campaign))[2][0] == 1
    assert count_pairs(of(after))[2][0] == 2


def test_surveys_on_two_scales_have_no_pairs() -> None:
    before, after = make_surveys()
    Survey.objects.filter(pk=before.pk).update(scale_min=1)
    after.refresh_from_db()

    assert find_before(after) is None
    with pytest.raises(ValueError, match="another one before"):
        count_pairs(of(after))


def test_list_shows_the_cell_that_was_counted() -> None:
    _before, after = make_surveys()
    table = ((2, 1, 0), (0, 3, 1), (1, 2, 4))
    deliver(after, table, NOW)

    for step, part in STEPS.items():
        listed = list(PairList(of(after), step, n=part.count(table))[:50])
        cells = {(pair.before.category, pair.after.category) for pair in listed}
        assert len(listed) == part.count(table)
        assert cells <= {(CATEGORIES[i], CATEGORIES[j]) for i, j in part.cells}


@cases(15)
@given(
    answers=st.lists(
        st.tuples(st.booleans(), st.integers(0, 60), st.sampled_from((0, 7, 9))), max_size=12
    )
)
def test_turns_in_the_database_are_those_counted_one_by_one(
    answers: list[tuple[bool, int, int]],
) -> None:
    before, after = make_surveys(pair_days=20)
    contact = make_contact()
    for is_after, day, score in answers:
        say(after if is_after else before, contact, score, NOW + day * DAY)

    expected: list[tuple[int, int]] = []
    waiting: list[tuple[int, int]] = []
    in_order = sorted(enumerate(answers), key=lambda each: (each[1][1], not each[1][0], each[0]))
    for _number, (is_after, day, score) in in_order:
        if not is_after:
            waiting.append((day, score))
            continue
        if near := [earlier for that, earlier in waiting if day - that <= 20]:
            expected.append((near[0], score))
        waiting = []
    assert sorted(found(after)) == sorted(expected)
    Response.objects.all().delete()
